"""One thread that writes, with group commit: what waits together is committed together."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError

T = TypeVar("T")
Operation: TypeAlias = Callable[[Connection], T]
"""Statements of one transaction. It may be run again after a rollback, so it changes nothing but the database."""

LARGEST_GROUP = 512
_FAULTS_OF_ORDER = frozenset({"40001", "40P01"})  # serialization failure and deadlock, in PostgreSQL's numbers


@dataclass(frozen=True, slots=True)
class Done:
    """An operation is committed."""

    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """An operation is rolled back."""

    error: Exception


Outcome: TypeAlias = Done | Failed


def _of_one_operation(error: Exception) -> bool:
    # SQLite rolls the whole transaction back by itself when a disk is full or broken; a group that went on after that
    # would lose, silently, what it wrote before. So only errors that cannot do that count as one operation's own.
    return not isinstance(error, DBAPIError) or isinstance(error, IntegrityError | DataError | ProgrammingError)


def _of_the_order(error: Exception) -> bool:
    return isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) in _FAULTS_OF_ORDER


class Transactions(Protocol):
    """Where transactions begin: an engine, or a connection that is kept."""

    def begin(self) -> AbstractContextManager[Connection]:
        """A transaction, committed at its end or rolled back by what is raised."""
        ...


def _in_savepoint(connection: Connection, operation: Operation[Any]) -> Outcome:
    try:
        with connection.begin_nested():
            return Done(operation(connection))
    except Exception as error:
        if not _of_one_operation(error):
            raise
        return Failed(error)


def _commit_alone(database: Transactions, operation: Operation[Any]) -> Outcome:
    try:
        with database.begin() as connection:
            value = operation(connection)
    except Exception as error:  # noqa: BLE001  the caller who waits for this operation gets it
        return Failed(error)
    return Done(value)


def _commit_apart(database: Transactions, operations: Sequence[Operation[Any]]) -> list[Outcome]:
    try:
        with database.begin() as connection:
            outcomes = [_in_savepoint(connection, operation) for operation in operations]
    except Exception as error:  # noqa: BLE001  every caller who waits gets it
        return [Failed(error)] * len(operations)
    return outcomes


def commit_group(database: Transactions, operations: Sequence[Operation[Any]]) -> list[Outcome]:
    """Run all operations in order in one transaction and commit once.

    An operation that fails by itself fails alone: the group is rolled back and run again with a savepoint around each
    (savepoints double the price of a small write, and most groups need none). After a deadlock each is run again in
    a transaction of its own. When the transaction as a whole fails, all fail.
    """
    if len(operations) == 1:
        return [_commit_alone(database, operations[0])]
    try:
        with database.begin() as connection:
            values = [operation(connection) for operation in operations]
    except Exception as error:  # noqa: BLE001  every caller who waits gets it
        if _of_the_order(error):
            return [_commit_alone(database, operation) for operation in operations]
        if _of_one_operation(error):
            return _commit_apart(database, operations)
        return [Failed(error)] * len(operations)
    return [Done(value) for value in values]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An operation, and who waits for it."""

    operation: Operation[Any]
    future: asyncio.Future[Any]


def settle(ended: Iterable[tuple[Waiting, Outcome]]) -> None:
    """Tell those who wait; on their loop."""
    for waiting, outcome in ended:
        future = waiting.future
        if future.done():  # the caller was cancelled meanwhile
            continue
        if isinstance(outcome, Done):
            future.set_result(outcome.value)
        else:
            future.set_exception(outcome.error)


class WriterClosed(Exception):
    """An operation came after the writer was closed."""


class Writer:
    """Takes operations from any event loop and commits them in the order they came."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: deque[Waiting] = deque()
        self._closed = False
        self._committing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="stigmergy-store-writer", daemon=True)
        self._thread.start()

    def submit(self, operation: Operation[T]) -> asyncio.Future[T]:
        """Queue the operation; the future, on the running loop, is done when it is committed.

        Raises:
            WriterClosed: the writer takes nothing more.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.take([Waiting(operation, future)])
        return future

    def take(self, group: Sequence[Waiting]) -> None:
        """Queue what somebody waits for already.

        Raises:
            WriterClosed: the writer takes nothing more.
        """
        with self._changed:
            if self._closed:
                raise WriterClosed
            self._queue.extend(group)
            self._changed.notify()

    @property
    def idle(self) -> bool:
        """Whether everything that was queued is committed."""
        with self._changed:
            return not self._queue and not self._committing

    def close(self) -> None:
        """Take nothing more, commit what waits and end the thread. Blocks; closing twice is harmless."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _next_group(self) -> list[Waiting]:
        with self._changed:
            self._committing = False
            while not self._queue and not self._closed:
                self._changed.wait()
            self._committing = bool(self._queue)
            return [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_GROUP))]

    def _work(self) -> None:
        while group := self._next_group():
            outcomes = commit_group(self._engine, [waiting.operation for waiting in group])
            by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Waiting, Outcome]]] = {}
            for waiting, outcome in zip(group, outcomes, strict=True):
                by_loop.setdefault(waiting.future.get_loop(), []).append((waiting, outcome))
            for loop, settled in by_loop.items():
                with suppress(RuntimeError):  # the loop was closed, nobody waits any more
                    loop.call_soon_threadsafe(settle, settled)
