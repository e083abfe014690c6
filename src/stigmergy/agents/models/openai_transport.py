"""Chat completions over HTTP, as plain JSON: the ``openai`` client would take most of what a call costs here."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.request import getproxies

import aiohttp

from stigmergy.agents.models.openai_errors import broken_off, connection_error, refused
from stigmergy.agents.models.pool import Places, PoolConfig
from stigmergy.errors import InvalidReply

_BAD: Final = 400
_DATA: Final = b"data:"
_DONE: Final = b"[DONE]"


class Transport:
    """One server, over a pool of connections that stay open. ``silence_s`` limits how long nothing comes."""

    def __init__(self, model: str, base_url: str, api_key: str, pool: PoolConfig) -> None:
        self._model = model
        self._base_url = base_url
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._pool, self._places = pool, Places(model, pool)
        self._session = aiohttp.ClientSession(
            headers={"authorization": f"Bearer {api_key}", "content-type": "application/json"},
            connector=aiohttp.TCPConnector(limit=pool.max_connections, keepalive_timeout=pool.keep_alive_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Looked for once: per request it would be asked of the environment again.
            trust_env=bool(getproxies()),
        )

    async def whole(self, asked: Mapping[str, Any], silence_s: float) -> Any:
        """The answer, as the JSON that it is.

        Raises:
            AgentError: as ``openai_errors`` maps what went wrong; InvalidReply for what is no JSON.
        """
        async with self._answered(asked, silence_s) as answer:
            return self._json(await answer.read())

    async def chunks(self, asked: Mapping[str, Any], silence_s: float) -> AsyncIterator[Any]:
        """The events of a streamed answer, as the JSON that they are; raises as ``whole``."""
        async with self._answered(asked, silence_s) as answer:
            received = b""
            async for data in answer.content.iter_any():
                *lines, received = (received + data).split(b"\n")
                for event in _events(lines):
                    chunk = self._json(event)
                    if isinstance(chunk, dict) and chunk.get("error"):
                        raise broken_off(self._model, chunk)
                    yield chunk

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()

    @asynccontextmanager
    async def _answered(self, asked: Mapping[str, Any], silence_s: float) -> AsyncIterator[aiohttp.ClientResponse]:
        body, pool = json.dumps(asked).encode(), self._pool
        limit = aiohttp.ClientTimeout(
            total=pool.total_timeout_s, connect=pool.connect_timeout_s, sock_read=pool.silence_s(silence_s)
        )
        try:
            async with self._places.one(), self._session.post(self._url, data=body, timeout=limit) as answer:
                if answer.status >= _BAD:
                    raise refused(self._model, answer.status, await answer.text(errors="replace"))
                yield answer
        except (aiohttp.ClientError, TimeoutError) as error:
            raise connection_error(self._model, error) from error

    def _json(self, text: bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            reason = f"{self._base_url} answered with malformed JSON: {error}; is it a chat completions API?"
            raise InvalidReply(self._model, reason) from None


def _events(lines: list[bytes]) -> Iterator[bytes]:
    """What events say, up to the one that ends the stream; comments and names of events are passed over."""
    for line in lines:
        said = line[len(_DATA) :].strip()
        if line.startswith(_DATA) and said and said != _DONE:
            yield said
