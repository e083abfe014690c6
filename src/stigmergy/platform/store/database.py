"""One database: a writer thread, a few reading threads, and errors in our words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError, StatementError

from stigmergy.errors import RecordUnreadable, StoreUnavailable
from stigmergy.platform.store.engines import READERS
from stigmergy.platform.store.turns import TurnWriter
from stigmergy.platform.store.writer import Operation, Writer, WriterClosed

T = TypeVar("T")
_NO_TEXT = "Could not decode to UTF-8"  # SQLite's driver, of a row; PostgreSQL lets no such text in


def reason_of(error: SQLAlchemyError) -> str:
    """What the database itself said, in one line."""
    # The error's own text would show statement and parameters, that is, what users wrote.
    said = str(error.orig if isinstance(error, StatementError) and error.orig is not None else error)
    return " ".join(said.split()) or type(error).__name__


@contextmanager
def our_errors(shown_url: str) -> Iterator[None]:
    """SQLAlchemy's errors become StoreUnavailable; IntegrityError passes, for the caller knows what it means."""
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        raise StoreUnavailable(shown_url, reason_of(error)) from error


@contextmanager
def readable(record: str) -> Iterator[None]:
    """What cannot be made of a stored row becomes an error in our words.

    Raises:
        RecordUnreadable: the row is not of the form that was written.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordUnreadable(record, f"{type(error).__name__}: {error}") from error
    except OperationalError as error:
        if _NO_TEXT not in str(error.orig):
            raise
        raise RecordUnreadable(record, "a text in it is not UTF-8") from error


class Database:
    """Reads and writes for the stores. Reads run on their own connections and never wait behind writes."""

    def __init__(self, writing: Engine, reading: Engine, shown_url: str, prompt: Engine | None = None) -> None:
        """``prompt`` is there where short operations need not be committed in a thread."""
        self._engines = (writing, reading) if prompt is None else (writing, reading, prompt)
        self._reading, self._shown_url = reading, shown_url
        self._writer = Writer(writing)
        self._at_once = self._writer if prompt is None else TurnWriter(prompt, self._writer)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="stigmergy-store-reader")
        self._closed = False

    async def write(self, operation: Operation[T]) -> T:
        """Commit the operation, together with what else waits.

        Raises:
            StoreUnavailable: it is not committed (or, when the connection broke in mid-commit, nobody knows).
            IntegrityError: it broke a constraint; nothing of it is stored.
        """
        return await self._committed(self._writer, operation)

    async def write_at_once(self, operation: Operation[T]) -> T:
        """Commit an operation of a few rows; as ``write``, but where the database permits without a thread."""
        return await self._committed(self._at_once, operation)

    async def _committed(self, writer: Writer | TurnWriter, operation: Operation[T]) -> T:
        if self._closed:
            raise self._is_closed()
        with our_errors(self._shown_url):
            try:
                committed = writer.submit(operation)
            except WriterClosed:
                raise self._is_closed() from None
            return await committed

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run the query in a reading thread.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        if self._closed:
            raise self._is_closed()
        with our_errors(self._shown_url):
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._run, query)

    def _run(self, query: Callable[[Connection], T]) -> T:
        with self._reading.connect() as connection:
            return query(connection)

    def _is_closed(self) -> StoreUnavailable:
        return StoreUnavailable(self._shown_url, "it was closed; open it again")

    async def aclose(self) -> None:
        """Commit what waits, then give back threads and connections."""
        self._closed = True
        await asyncio.sleep(0)  # the last turn ends before the thread that it may be handed to
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        self._at_once.close()
        self._readers.shutdown()
        for engine in self._engines:
            engine.dispose()
