"""Any server that speaks OpenAI's chat completions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from stigmergy.agents.models.base import NO_OPTIONS, Completion, Messages
from stigmergy.agents.models.openai_completions import Gathered, completion_of
from stigmergy.domain import Message, ModelOptions, Price
from stigmergy.errors import AgentTimedOut, MissingExtra

if TYPE_CHECKING:
    from stigmergy.agents.models.openai_transport import Transport

OPENAI_URL: Final = "https://api.openai.com/v1"
NO_KEY: Final = "none"
"""Sent to servers that ask for no key."""

LimitField: TypeAlias = Literal["max_tokens", "max_completion_tokens"]


class OpenAICompatibleModel:
    """One model of one server. Its pool of connections is made at the first call and kept; retries are the engine's."""

    def __init__(
        self,
        name: str,
        model: str,
        base_url: str = OPENAI_URL,
        api_key: str = NO_KEY,
        price: Price | None = None,
        limit_field: LimitField = "max_tokens",
    ) -> None:
        self.name = name
        self.price = price
        self._model = model
        self._base_url = base_url
        self._api_key = api_key
        self._limit_field = limit_field
        self._transport: Transport | None = None

    async def complete(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> Completion:
        """Ask the server once. Its errors become AgentErrors as ``openai_errors`` maps them."""
        asked = self._asked(messages, max_output_tokens, temperature, seed, options)
        transport = self._connected()
        try:
            async with asyncio.timeout(timeout_s):
                reply = await transport.whole(asked, timeout_s)
        except TimeoutError:
            raise AgentTimedOut(self.name, f"no answer from {self._base_url} within {timeout_s:g} s") from None
        return completion_of(self.name, self._base_url, reply)

    async def stream(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> AsyncIterator[str | Completion]:
        """Ask the server once, and tell its text as it comes; see ``StreamingModel``. The caller limits the time."""
        asked = self._asked(messages, max_output_tokens, temperature, seed, options)
        streamed = {**asked, "stream": True, "stream_options": {"include_usage": True}}
        gathered = Gathered(self.name, self._base_url)
        async with aclosing(self._connected().chunks(streamed, timeout_s)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                if piece := gathered.take(chunk):
                    yield piece
        yield gathered.completion()

    async def aclose(self) -> None:
        """Close the connections. A later call opens new ones."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    def _connected(self) -> Transport:
        if self._transport is None:
            try:
                from stigmergy.agents.models.openai_transport import Transport
            except ImportError:
                raise MissingExtra("httptools", "llm") from None
            self._transport = Transport(self.name, self._base_url, self._api_key)
        return self._transport

    def _asked(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        seed: int | None,
        options: ModelOptions,
    ) -> dict[str, Any]:
        stated = {self._limit_field: max_output_tokens, "temperature": temperature, "seed": seed}
        asked: dict[str, Any] = {name: value for name, value in stated.items() if value is not None}
        said = [_written(message) for message in messages]
        return {"model": self._model, "messages": said, **asked, **options}


def _written(message: Message) -> dict[str, Any]:
    return {"role": message.role, "content": message.content, **message.details}
