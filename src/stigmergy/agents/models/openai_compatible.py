"""Any server that speaks OpenAI's chat completions, through the ``openai`` client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from stigmergy.agents.models.base import NO_OPTIONS, Completion, Messages
from stigmergy.agents.models.openai_completions import Gathered, completion_of
from stigmergy.agents.models.openai_errors import agent_error
from stigmergy.domain import Message, ModelOptions, Price
from stigmergy.errors import AgentTimedOut, InvalidReply, MissingExtra

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI_URL: Final = "https://api.openai.com/v1"
NO_KEY: Final = "none"
"""Sent to servers that ask for no key: the client insists on one."""

LimitField: TypeAlias = Literal["max_tokens", "max_completion_tokens"]


class OpenAICompatibleModel:
    """One model of one server. The client, and with it the connection pool, is made at the first call and kept."""

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
        self._client: AsyncOpenAI | None = None

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
        client = self._connected()
        with self._failing(timeout_s):
            # The client's own time limit starts anew with every byte read, so a trickling server could outlive it.
            async with asyncio.timeout(timeout_s):
                reply = await client.chat.completions.create(timeout=timeout_s, **asked)
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
        client = self._connected()
        gathered = Gathered(self.name, self._base_url)
        with self._failing(timeout_s):
            chunks = await client.chat.completions.create(
                timeout=timeout_s, stream=True, stream_options={"include_usage": True}, **asked
            )
            async with chunks:
                async for chunk in chunks:
                    if piece := gathered.take(chunk):
                        yield piece
        yield gathered.completion()

    async def aclose(self) -> None:
        """Close the connection pool. A later call opens a new one."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            try:
                from openai import AsyncOpenAI
            except ImportError:
                raise MissingExtra("openai", "llm") from None
            # Retries are the engine's: hidden ones would be billed uncounted and would delay the reroute.
            self._client = AsyncOpenAI(api_key=self._api_key, base_url=self._base_url, max_retries=0)
        return self._client

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
        if options:
            # In the body as they are: what this version of the client has no name for is the server's matter.
            asked["extra_body"] = dict(options)
        return {"model": self._model, "messages": [_written(message) for message in messages], **asked}

    @contextmanager
    def _failing(self, timeout_s: float) -> Iterator[None]:
        """What goes wrong inside, as an AgentError."""
        from openai import OpenAIError

        try:
            yield
        except TimeoutError:
            raise AgentTimedOut(self.name, f"no answer from {self._base_url} within {timeout_s:g} s") from None
        except OpenAIError as error:
            raise agent_error(self.name, error) from error
        except ValueError as error:
            raise InvalidReply(self.name, f"{self._base_url} answered with malformed JSON: {error}") from error


def _written(message: Message) -> dict[str, Any]:
    return {"role": message.role, "content": message.content, **message.details}
