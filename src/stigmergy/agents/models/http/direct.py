"""Connections of our own to one server."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from stigmergy.agents.models.http.base import MOST_CONNECTIONS, ConnectionBroke, NotConnected
from stigmergy.agents.models.http.connection import Answer, Connection

_IDLE_S: Final = 15.0
"""Servers close what is idle for longer, maybe just when it is used again."""
_PORTS: Final = {"http": 80, "https": 443}


class DirectClient:
    """See ``HttpClient``."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Raises ValueError for what is no URL of HTTP, or a header of more than one line."""
        split = urlsplit(url)
        if split.scheme not in _PORTS or not split.hostname:
            raise ValueError(f"{url!r} is no http or https URL")
        self._host, self._port = split.hostname, split.port or _PORTS[split.scheme]
        self._tls = ssl.create_default_context() if split.scheme == "https" else None
        path = f"{split.path}?{split.query}" if split.query else split.path or "/"
        self._head = _head(path, {"host": split.netloc.rpartition("@")[2], **headers})
        self._open: set[Connection] = set()
        self._idle: deque[tuple[float, Connection]] = deque()
        self._room = asyncio.Semaphore(MOST_CONNECTIONS)
        self._sweep: asyncio.TimerHandle | None = None

    async def post(self, body: bytes, silence_s: float) -> Answer:
        """See ``HttpClient``."""
        await self._room.acquire()
        try:
            connection = self._idle_one() or await self._connected()
        except BaseException:
            self._room.release()
            raise
        if not connection.reusable:
            self._room.release()
            raise ConnectionBroke("the server closed it at once")
        answer = connection.ask(b"%b%d\r\n\r\n%b" % (self._head, len(body), body), silence_s, self._give_back)
        try:
            await answer.begun()
        except BaseException:
            answer.close()
            raise
        return answer

    async def aclose(self) -> None:
        """See ``HttpClient``."""
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in tuple(self._open):
            connection.close()

    async def _connected(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._open.discard), self._host, self._port, ssl=self._tls
            )
        except (OSError, UnicodeError) as error:
            raise NotConnected(f"{type(error).__name__}: {error}") from error
        self._open.add(connection)
        return connection

    def _idle_one(self) -> Connection | None:
        """The connection that was used last, so that those beyond what is needed grow old."""
        while self._idle:
            since, connection = self._idle.pop()
            if not connection.reusable:
                continue
            if asyncio.get_running_loop().time() - since < _IDLE_S:
                return connection
            connection.close()
        return None

    def _give_back(self, connection: Connection) -> None:
        self._room.release()
        if not connection.reusable:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        self._idle.append((loop.time(), connection))
        if self._sweep is None:
            self._sweep = loop.call_later(_IDLE_S, self._close_the_old)

    def _close_the_old(self) -> None:
        loop = asyncio.get_running_loop()
        while self._idle and (loop.time() - self._idle[0][0] >= _IDLE_S or not self._idle[0][1].reusable):
            self._idle.popleft()[1].close()
        self._sweep = loop.call_later(_IDLE_S, self._close_the_old) if self._idle else None


def _head(path: str, headers: Mapping[str, str]) -> bytes:
    """All of a request before the figure of its length."""
    lines = (f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "content-length: ")
    if any(set(line) & {"\r", "\n", "\0"} for line in lines):
        raise ValueError("the URL or a header holds a line break")
    return "\r\n".join(lines).encode()
