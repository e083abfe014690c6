"""Where a program runs: on the event loop, on a thread, in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from inspect import isawaitable
from typing import Any, Literal, Protocol, TypeAlias

from stigmergy.agents.base import Request
from stigmergy.agents.worker_process import WorkerProcess

Runs: TypeAlias = Literal["loop", "thread", "process", "deployment"]
"""Where an agent's program runs."""

Program: TypeAlias = Callable[[Request], Any]
"""Takes a request; what it returns is looked at by the agent that asked."""


class Runner(Protocol):
    """Runs programs somewhere."""

    async def run(self, program: Program, request: Request) -> object:
        """What the program returns; what it raises passes through."""
        ...

    async def aclose(self) -> None:
        """Give back threads and processes."""
        ...


class LoopRunner:
    """On the event loop itself. For coroutine functions, and for programs that return in well under a millisecond.

    A time limit cannot interrupt a synchronous program here.
    """

    async def run(self, program: Program, request: Request) -> object:
        """Call the program, and await what it returned if that is awaitable."""
        outcome = contained(program, request)
        return await outcome if isawaitable(outcome) else outcome

    async def aclose(self) -> None:
        """There is nothing to give back."""


class ThreadRunner:
    """On threads: for programs that wait. A time limit stops the waiting for a program, not its thread."""

    def __init__(self, threads: int = 8) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="agent")

    async def run(self, program: Program, request: Request) -> object:
        """Run the program on a thread; waits for one to be free."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, contained, program, request)

    async def aclose(self) -> None:
        """Take no more work. A program that still runs is left to end by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class ProcessRunner:
    """In processes: for programs that compute. Program, request and outcome must survive pickling.

    A worker starts when it is first needed and serves one call at a time; the one whose call is cancelled (as by a time
    limit) is killed and replaced. No worker outlives this process, however it ends.
    """

    def __init__(self, workers: int = 1) -> None:
        self._free = asyncio.Semaphore(workers)
        self._idle: list[WorkerProcess] = []
        self._all: set[WorkerProcess] = set()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="agent-process")
        self._closed = False

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers there are now."""
        return tuple(worker.pid for worker in self._all)

    async def run(self, program: Program, request: Request) -> object:
        """Run the program in a worker; waits for one to be free.

        Raises:
            ChildProcessError: the process ended in the middle of the call.
        """
        async with self._free:
            worker = self._take()
            try:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, worker.exchange, contained, program, request)
            except asyncio.CancelledError:
                worker.kill()
                raise
            finally:
                self._give_back(worker)

    async def aclose(self) -> None:
        """Kill every worker and wait until it is gone."""
        self._closed = True
        workers, self._all, self._idle = self._all, set(), []
        for worker in workers:
            worker.kill()
        await asyncio.to_thread(self._threads.shutdown, wait=True)
        for worker in workers:
            await asyncio.to_thread(worker.bury)

    def _take(self) -> WorkerProcess:
        if self._closed:
            raise RuntimeError("this process runner is closed")
        while self._idle:
            if (worker := self._idle.pop()).alive:
                return worker
            self._drop(worker)
        worker = WorkerProcess()
        self._all.add(worker)
        return worker

    def _give_back(self, worker: WorkerProcess) -> None:
        if worker.alive:
            self._idle.append(worker)
        else:
            self._drop(worker)

    def _drop(self, worker: WorkerProcess) -> None:
        if worker in self._all:  # otherwise aclose has it
            self._all.discard(worker)
            worker.kill()
            self._threads.submit(worker.bury)


def contained(program: Program, request: Request) -> object:
    """Call the program; what would end a thread, a worker or the event loop becomes an ordinary error."""
    try:
        return program(request)
    except (SystemExit, StopIteration, GeneratorExit) as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from error


class Borrowed:
    """Somebody else's runner: closing it does nothing."""

    def __init__(self, owned: Runner) -> None:
        self._owned = owned

    async def run(self, program: Program, request: Request) -> object:
        """Run it there."""
        return await self._owned.run(program, request)

    async def aclose(self) -> None:
        """Leave it open: its owner closes it."""


def own_runner(runs: Runs) -> Runner:
    """A new runner for one agent, which closes it.

    A deployment replica runs one program at a time, on a thread, so that health checks go on.
    """
    match runs:
        case "loop":
            return LoopRunner()
        case "thread":
            return ThreadRunner()
        case "process":
            return ProcessRunner()
        case "deployment":
            return ThreadRunner(threads=1)


class SharedRunners:
    """Runners that the agents of one process share; whoever made this closes it after the agents."""

    def __init__(self, threads: int = 32, workers: int = 2) -> None:
        self._owned: dict[Runs, Runner] = {
            "loop": LoopRunner(),
            "thread": ThreadRunner(threads),
            "process": ProcessRunner(workers),
        }

    def __call__(self, runs: Runs) -> Runner:
        """A runner that may be closed without harm to the others; a ``deployment`` runs alone in its replica."""
        return Borrowed(self._owned[runs]) if runs in self._owned else own_runner(runs)

    async def aclose(self) -> None:
        """Close every runner."""
        for runner in self._owned.values():
            await runner.aclose()
