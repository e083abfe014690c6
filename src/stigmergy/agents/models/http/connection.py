"""One connection of HTTP/1.1: a request is written, its answer taken in as it comes, then the next.

A general HTTP client takes more processor time for a call than everything else of a completion together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from stigmergy.agents.models.http.base import ConnectionBroke

_FIRST_FINAL: Final = 200
_MOST_UNREAD: Final = 2**20
_FRAMED_BY: Final = (b"content-length", b"transfer-encoding")


class Connection(asyncio.Protocol):
    """A connection; it is asked again only after its last answer came whole."""

    def __init__(self, lost: Callable[[Connection], None]) -> None:
        """``lost`` is told when the connection is."""
        self._lost = lost
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._framed = self._open = False

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent."""
        return self._open and self._answer is None and self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, silence_s: float, done: Callable[[Connection], None]) -> Answer:
        """Send a request; ``done`` is told when its answer is closed."""
        self._answer = answer = Answer(self, silence_s, done)
        self._framed = False
        cast("asyncio.Transport", self._transport).write(request)
        return answer

    def close(self) -> None:
        """Close it; what was sent and not answered is lost."""
        self._open = False
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Take nothing in until ``resume``."""
        cast("asyncio.Transport", self._transport).pause_reading()

    def resume(self) -> None:
        """Take in again."""
        cast("asyncio.Transport", self._transport).resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        self._transport, self._open = cast("asyncio.Transport", transport), True

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        if self._answer is None:
            # Said without having been asked: whoever is asked next would take it for the answer.
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._end(ConnectionBroke(f"what came is no HTTP: {error}"))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self._open = False
        answer = self._answer
        # Without a length the end of the connection is the end of the body.
        ends = exc is None and answer is not None and answer.status >= _FIRST_FINAL and not self._framed
        self._end(None if ends else ConnectionBroke(str(exc or "the server closed it")))
        self._lost(self)

    def on_header(self, name: bytes, _value: bytes) -> None:
        """See ``httptools``."""
        self._framed = self._framed or name.lower() in _FRAMED_BY

    def on_headers_complete(self) -> None:
        """See ``httptools``."""
        if self._answer is None:
            self.close()
        else:
            self._answer.begin(self._parser.get_status_code())

    def on_body(self, data: bytes) -> None:
        """See ``httptools``."""
        if self._answer is not None:
            self._answer.take(data)

    def on_message_complete(self) -> None:
        """See ``httptools``."""
        if self._answer is not None and self._answer.status >= _FIRST_FINAL:
            self._open = self._open and self._parser.should_keep_alive()
            self._end(None)

    def _end(self, error: ConnectionBroke | None) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.end(error)


class Answer:
    """See ``HttpAnswer``; the head of answers like 103, before the final one, is passed over."""

    def __init__(self, connection: Connection, silence_s: float, done: Callable[[Connection], None]) -> None:
        self.status = 0
        self._connection = connection
        self._silence_s = silence_s
        self._done: Callable[[Connection], None] | None = done
        self._unread = bytearray()
        self._ended = self._paused = False
        self._error: ConnectionBroke | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def begun(self) -> None:
        """Wait for the head."""
        while self.status < _FIRST_FINAL:
            await self._more()

    async def read(self) -> bytes:
        """See ``HttpAnswer``."""
        while not self._ended:
            await self._more()
        if self._error is not None:
            raise self._error
        return bytes(self._unread)

    async def pieces(self) -> AsyncIterator[bytes]:
        """See ``HttpAnswer``."""
        while self._unread or not self._ended:
            if not self._unread:
                await self._more()
            piece = bytes(self._unread)
            self._unread.clear()
            if piece:
                yield piece
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """See ``HttpAnswer``."""
        done, self._done = self._done, None
        if self._paused or not self._ended:
            self._connection.close()
        if done is not None:
            done(self._connection)

    def begin(self, status: int) -> None:
        """The connection has the head."""
        self.status = status
        if status >= _FIRST_FINAL:
            self._wake()

    def take(self, data: bytes) -> None:
        """The connection has some of the body."""
        self._unread += data
        if len(self._unread) > _MOST_UNREAD and not self._paused:
            self._paused = True
            self._connection.pause()
        self._wake()

    def end(self, error: ConnectionBroke | None) -> None:
        """The connection has all of it, or is lost."""
        self._ended, self._error = True, error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        if self._paused:
            self._paused = False
            self._connection.resume()
        loop = asyncio.get_running_loop()
        self._waiter = waiter = loop.create_future()
        silence = loop.call_later(self._silence_s, _give_up, waiter)
        try:
            await waiter
        finally:
            silence.cancel()


def _give_up(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
