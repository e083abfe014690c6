"""Through the proxy that the environment names, by a general HTTP client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import aiohttp

from stigmergy.agents.models.http.base import MOST_CONNECTIONS, ConnectionBroke, NotConnected


class ProxiedClient:
    """See ``HttpClient``."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=True,
        )

    async def post(self, body: bytes, silence_s: float) -> ProxiedAnswer:
        """See ``HttpClient``."""
        limit = aiohttp.ClientTimeout(total=None, sock_read=silence_s)
        try:
            answer = await self._session.post(self._url, data=body, timeout=limit, allow_redirects=False)
        except aiohttp.ClientConnectorError as error:
            raise NotConnected(f"{type(error).__name__}: {error}") from error
        except (aiohttp.ServerTimeoutError, aiohttp.ClientError) as error:
            raise _broke(error) from error
        return ProxiedAnswer(answer)

    async def aclose(self) -> None:
        """See ``HttpClient``."""
        await self._session.close()


class ProxiedAnswer:
    """See ``HttpAnswer``."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.status = answer.status
        self._answer = answer

    async def read(self) -> bytes:
        """See ``HttpAnswer``."""
        try:
            return await self._answer.read()
        except aiohttp.ClientError as error:
            raise _broke(error) from error

    async def pieces(self) -> AsyncIterator[bytes]:
        """See ``HttpAnswer``."""
        try:
            async for piece in self._answer.content.iter_any():
                yield piece
        except aiohttp.ClientError as error:
            raise _broke(error) from error

    def close(self) -> None:
        """See ``HttpAnswer``."""
        self._answer.close()


def _broke(error: aiohttp.ClientError) -> Exception:
    if isinstance(error, TimeoutError):
        return TimeoutError()
    return ConnectionBroke(f"{type(error).__name__}: {error}")
