"""Any server that speaks OpenAI's chat completions, through the ``openai`` client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from stigmergy.agents.models.base import Completion, FinishReason, Messages, TokenCount
from stigmergy.agents.models.openai_errors import agent_error
from stigmergy.domain import Price
from stigmergy.errors import AgentTimedOut, InvalidReply, MissingExtra

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion

OPENAI_URL: Final = "https://api.openai.com/v1"
NO_KEY: Final = "none"
"""Sent to servers that ask for no key: the client insists on one."""

LimitField: TypeAlias = Literal["max_tokens", "max_completion_tokens"]

_REASONS: Final[dict[str | None, FinishReason]] = {"length": "length", "content_filter": "refused"}


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
    ) -> Completion:
        """Ask the server once. Its errors become AgentErrors as ``openai_errors`` maps them."""
        options: dict[str, Any] = {self._limit_field: max_output_tokens, "temperature": temperature, "seed": seed}
        asked = {name: value for name, value in options.items() if value is not None}
        client = self._connected()
        from openai import OpenAIError

        try:
            # The client's own time limit starts anew with every byte read, so a trickling server could outlive it.
            async with asyncio.timeout(timeout_s):
                reply = await client.chat.completions.create(
                    model=self._model,
                    messages=[{"role": m.role, "content": m.content} for m in messages],  # type: ignore[misc]
                    timeout=timeout_s,
                    **asked,
                )
        except TimeoutError:
            raise AgentTimedOut(self.name, f"no answer from {self._base_url} within {timeout_s:g} s") from None
        except OpenAIError as error:
            raise agent_error(self.name, error) from error
        except ValueError as error:
            raise InvalidReply(self.name, f"{self._base_url} answered with malformed JSON: {error}") from error
        return self._completion(reply)

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

    def _completion(self, reply: ChatCompletion) -> Completion:
        """The part of the server's answer we use; its types promise more than servers keep, so each is looked at."""
        choices: Any = getattr(reply, "choices", None)
        message = getattr(choices[0], "message", None) if isinstance(choices, list) and choices else None
        if message is None:
            raise InvalidReply(self.name, f"{self._base_url} answered without choices; is it a chat completions API?")
        refusal = getattr(message, "refusal", None)
        text = refusal or getattr(message, "content", None) or ""
        finish = getattr(choices[0], "finish_reason", None)
        reason = "refused" if refusal else _REASONS.get(finish, "stop")
        if not isinstance(text, str) or (not text.strip() and reason != "refused"):
            raise InvalidReply(self.name, f"{self._base_url} answered without text (finish reason {finish!r})")
        return Completion(text, self._usage(getattr(reply, "usage", None)), reason)

    def _usage(self, usage: object) -> TokenCount:
        read, written = (getattr(usage, field, None) for field in ("prompt_tokens", "completion_tokens"))
        if not (isinstance(read, int) and isinstance(written, int) and min(read, written) >= 0):
            raise InvalidReply(self.name, f"{self._base_url} stated no token usage: the call cannot be booked")
        return TokenCount(read, written)
