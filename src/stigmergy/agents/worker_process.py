"""One worker process: started by spawn, fed through a pipe, and gone when its parent is."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1
_SPAWN: Final = multiprocessing.get_context("spawn")


class WorkerProcess:
    """A process that runs one call after another. ``exchange`` blocks; everything else returns at once."""

    def __init__(self) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        # A daemon: multiprocessing ends it when this interpreter ends without having closed it.
        self._process = _SPAWN.Process(target=serve, args=(theirs, os.getpid()), name="agent-worker", daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0
        theirs.close()
        self._doomed = False
        self._talking = threading.Lock()

    @property
    def alive(self) -> bool:
        """Whether it can take another call."""
        return not self._doomed and self._process.is_alive()

    def exchange(self, function: Callable[..., Any], *arguments: object) -> Any:
        """Run ``function(*arguments)`` over there; blocks until it is done.

        Raises:
            ChildProcessError: the process ended before it answered.
            Exception: whatever the function raised, or what kept its outcome from being pickled.
        """
        message = pickle.dumps((function, arguments))
        with self._talking:
            try:
                self._pipe.send_bytes(message)
                answer = self._pipe.recv_bytes()
            except (EOFError, OSError) as error:
                self._doomed = True
                raise ChildProcessError("the worker process died in the middle of the call") from error
        outcome, raised = pickle.loads(answer)  # noqa: S301 - our own child wrote it
        if raised is not None:
            raise raised
        return outcome

    def kill(self) -> None:
        """End it now, whatever it does."""
        self._doomed = True
        with contextlib.suppress(ValueError):  # it is buried already
            self._process.kill()

    def bury(self) -> None:
        """Wait until it is gone and close the pipe. Blocks; call ``kill`` first."""
        with self._talking:
            self._process.join()
            self._process.close()
            self._pipe.close()


def serve(pipe: Connection, parent: int) -> None:
    """The worker's life: call after call, until the pipe closes or the parent dies."""
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides when we end
    with contextlib.suppress(EOFError, OSError):  # the parent closed the pipe or is gone
        while True:
            pipe.send_bytes(_answer(pipe.recv_bytes()))


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies; on other systems the closed pipe ends it when idle.

    The kernel means the thread that started it: start workers on a thread that lives as long as they should, such as
    the event loop's.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _answer(message: bytes) -> bytes:
    try:
        function, arguments = pickle.loads(message)  # noqa: S301 - our own parent wrote it
        return _packed(function(*arguments), None)
    except Exception as error:  # noqa: BLE001 - the caller gets it
        return _packed(None, error)


def _packed(outcome: object, raised: Exception | None) -> bytes:
    """Outcome and error as bytes that are known to unpickle; an error that would not is described instead."""
    try:
        packed = pickle.dumps((outcome, raised))
        pickle.loads(packed)  # noqa: S301 - what was just packed
    except Exception as error:  # noqa: BLE001 - whatever a foreign __reduce__ raises
        told = raised if raised is not None else error
        return pickle.dumps((None, RuntimeError(f"{type(told).__name__}: {told}")))
    return packed
