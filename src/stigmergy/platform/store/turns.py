"""Commits on the event loop's own thread: once per turn of the loop, what was submitted in it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from stigmergy.platform.store.writer import (
    Failed,
    Operation,
    Outcome,
    Waiting,
    Writer,
    commit_group,
    settle,
)

T = TypeVar("T")

LARGEST_TURN = 128
_TURNS_TO_A_CHECKPOINT = 200


def _locked_elsewhere(outcomes: Sequence[Outcome]) -> bool:
    error = outcomes[0].error if isinstance(outcomes[0], Failed) else None
    code = getattr(error.orig, "sqlite_errorcode", 0) if isinstance(error, OperationalError) else 0
    return code & 0xFF == sqlite3.SQLITE_BUSY


class _KeptConnection:
    """One connection for all transactions: to take it from the engine's pool each time costs more than a commit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """See ``writer.Transactions``."""
        if self._connection is None:
            self._connection = self._engine.connect()
        with self._connection.begin():
            yield self._connection

    def close(self) -> None:
        """Give the connection back; harmless when there is none."""
        if self._connection is not None:
            self._connection.close()


class TurnWriter:
    """Takes short operations for a database that commits without waiting for a disk.

    There a thread costs many times the commit: it has to be woken, and to wake the loop. What could make the loop wait
    goes to the ``thread`` after all: turns of more than ``LARGEST_TURN`` operations, every turn while another process
    holds the lock of the database or the thread still has something to commit (the order is kept), and now and then
    one whose commit brings the write-ahead log into the file.
    """

    def __init__(self, engine: Engine, thread: Writer) -> None:
        """``engine`` gives up a locked database at once and leaves the log as it is."""
        self._kept = _KeptConnection(engine)
        self._thread = thread
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: list[Waiting] = []
        self._turns = 0

    def submit(self, operation: Operation[T]) -> asyncio.Future[T]:
        """Queue the operation; the future, on the running loop, is done when it is committed.

        Raises:
            WriterClosed: the thread takes nothing more.
        """
        loop = asyncio.get_running_loop()
        if self._loop is None or self._loop.is_closed():
            self._loop, self._turn = loop, []
        if loop is not self._loop:
            return self._thread.submit(operation)
        future: asyncio.Future[T] = loop.create_future()
        if not self._turn:
            loop.call_soon(self._end_turn)
        self._turn.append(Waiting(operation, future))
        return future

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, []
        self._turns += 1
        if len(turn) > LARGEST_TURN or self._turns % _TURNS_TO_A_CHECKPOINT == 0 or not self._thread.idle:
            self._thread.take(turn)
            return
        outcomes = commit_group(self._kept, [waiting.operation for waiting in turn])
        if _locked_elsewhere(outcomes):
            self._thread.take(turn)
        else:
            settle(zip(turn, outcomes, strict=True))

    def close(self) -> None:
        """Give the connection back, once no turn follows."""
        self._kept.close()
