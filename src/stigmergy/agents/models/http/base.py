"""What a language model needs of HTTP: bytes posted to one URL, the answer whole or in pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, Protocol

MOST_CONNECTIONS: Final = 1000
"""Of one client; who asks beyond waits."""


class NotConnected(Exception):
    """No connection stood: nothing was sent."""


class ConnectionBroke(Exception):
    """The connection was lost, or what came over it was no HTTP: whether the server worked is unknown."""


class HttpAnswer(Protocol):
    """An answer whose head is there.

    Raises (every method that waits):
        ConnectionBroke: before its end.
        TimeoutError: nothing came for too long.
    """

    @property
    def status(self) -> int:
        """Of HTTP."""
        ...

    async def read(self) -> bytes:
        """The whole body."""
        ...

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        ...

    def close(self) -> None:
        """Give the connection back; it is closed where the answer was not read to its end."""
        ...


class HttpClient(Protocol):
    """Posts to one URL over connections that stay open. Redirects are not followed."""

    async def post(self, body: bytes, silence_s: float) -> HttpAnswer:
        """Post once, without retries; ``silence_s`` limits how long nothing may come, then and while it is read.

        Raises:
            NotConnected, ConnectionBroke, TimeoutError: there is no answer.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...
