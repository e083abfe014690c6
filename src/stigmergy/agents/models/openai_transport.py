"""Chat completions over HTTP, as plain JSON: the ``openai`` client would take most of what a call costs here."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from stigmergy.agents.models.http.base import ConnectionBroke, HttpAnswer, HttpClient, NotConnected
from stigmergy.agents.models.http.direct import DirectClient
from stigmergy.agents.models.openai_errors import broken_off, connection_error, refused
from stigmergy.errors import AgentUnavailable, InvalidReply

_GOOD: Final = range(200, 300)
_DATA: Final = b"data:"
_DONE: Final = b"[DONE]"


class Transport:
    """One server, over a pool of connections that stay open. ``silence_s`` limits how long nothing comes."""

    def __init__(self, model: str, base_url: str, api_key: str) -> None:
        """Raises AgentUnavailable where the URL or the key cannot be sent."""
        self._model = model
        self._base_url = base_url
        headers = {
            "authorization": f"Bearer {api_key}",
            "content-type": "application/json",
            "accept": "*/*",
            "accept-encoding": "identity",
            "user-agent": "stigmergy",
        }
        try:
            self._http = _client(f"{base_url.rstrip('/')}/chat/completions", headers)
        except ValueError as error:
            raise AgentUnavailable(model, str(error)) from None

    async def whole(self, asked: Mapping[str, Any], silence_s: float) -> Any:
        """The answer, as the JSON that it is.

        Raises:
            AgentError: as ``openai_errors`` maps what went wrong; InvalidReply for what is no JSON.
        """
        try:
            answer = await self._answered(asked, silence_s)
            try:
                return self._json(await answer.read())
            finally:
                answer.close()
        except (NotConnected, ConnectionBroke, TimeoutError) as error:
            raise connection_error(self._model, error) from error

    async def chunks(self, asked: Mapping[str, Any], silence_s: float) -> AsyncIterator[Any]:
        """The events of a streamed answer, as the JSON that they are; raises as ``whole``."""
        try:
            answer = await self._answered(asked, silence_s)
            try:
                async for event in _events(answer):
                    chunk = self._json(event)
                    if isinstance(chunk, dict) and chunk.get("error"):
                        raise broken_off(self._model, chunk)
                    yield chunk
            finally:
                answer.close()
        except (NotConnected, ConnectionBroke, TimeoutError) as error:
            raise connection_error(self._model, error) from error

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def _answered(self, asked: Mapping[str, Any], silence_s: float) -> HttpAnswer:
        answer = await self._http.post(json.dumps(asked).encode(), silence_s)
        if answer.status in _GOOD:
            return answer
        try:
            raise refused(self._model, answer.status, (await answer.read()).decode(errors="replace"))
        finally:
            answer.close()

    def _json(self, text: bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            reason = f"{self._base_url} answered with malformed JSON: {error}; is it a chat completions API?"
            raise InvalidReply(self._model, reason) from None


def _client(url: str, headers: Mapping[str, str]) -> HttpClient:
    split = urlsplit(url)
    if split.scheme not in getproxies() or proxy_bypass(split.netloc):
        return DirectClient(url, headers)
    from stigmergy.agents.models.http.proxied import ProxiedClient

    return ProxiedClient(url, headers)


async def _events(answer: HttpAnswer) -> AsyncIterator[bytes]:
    """What events say; comments, names of events and the one that ends the stream are passed over."""
    received = b""
    async for data in answer.pieces():
        *lines, received = (received + data).split(b"\n")
        for said in _said(lines):
            yield said


def _said(lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        said = line[len(_DATA) :].strip()
        if line.startswith(_DATA) and said and said != _DONE:
            yield said
