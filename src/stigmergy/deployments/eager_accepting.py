"""Servers that accept all callers that wait, not one in each round of the event loop.

libuv, which Serve's loop is made of, accepts one connection, then handles whatever else there is to do. A round of a
busy gateway takes twenty milliseconds: of sixty callers that come together the last would wait for more than a second,
while connections that are open already are answered at once.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final, Self

from uvicorn import Server

_begin: Final = Server.startup


def accept_all_that_wait() -> None:
    """Have the plain HTTP servers that start in this process from now on accept so."""
    Server.startup = _startup  # type: ignore[method-assign]


async def _startup(self: Server, sockets: list[socket.socket] | None = None) -> None:
    await _begin(self, sockets)
    config = self.config
    if config.is_ssl:
        # A handshake takes longer than what is gained.
        return

    def protocol() -> asyncio.Protocol:
        made: Any = config.http_protocol_class
        return made(config=config, server_state=self.server_state, app_state=self.lifespan.state)

    beside: list[Any] = [
        Acceptor(listener.dup(), protocol).begin() for each in self.servers for listener in each.sockets
    ]
    # Uvicorn closes them with its own.
    self.servers += beside


class Acceptor:
    """Accepts beside a server, from the same queue; of ``asyncio.Server`` it has what is called at the end."""

    def __init__(self, listener: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        """``listener`` is listening already, and is the acceptor's own to close."""
        self._listener = listener
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._handed_over: set[asyncio.Task[Any]] = set()

    def begin(self) -> Self:
        """Accept from now on."""
        self._listener.settimeout(0)
        self._loop.add_reader(self._listener, self._accept)
        return self

    def close(self) -> None:
        """See ``asyncio.Server``; a second time does nothing."""
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener)
            self._listener.close()

    async def wait_closed(self) -> None:
        """See ``asyncio.Server``."""

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                # Nobody waits any more; what else it may be, like too many open files, the server sees for itself.
                return
            connection.settimeout(0)
            task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
            self._handed_over.add(task)
            task.add_done_callback(self._handed_over.discard)
