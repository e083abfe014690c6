"""The contract of a language model: messages in, one completion or an AgentError out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias, runtime_checkable

from stigmergy.domain import Message, ModelOptions, Price, Usage

Messages: TypeAlias = tuple[Message, ...]
FinishReason: TypeAlias = Literal["stop", "length", "refused", "tool_calls"]
ToolCall: TypeAlias = Mapping[str, Any]
"""``{"id", "type": "function", "function": {"name", "arguments"}}``, as in OpenAI's chat completions."""

NO_OPTIONS: Final[ModelOptions] = {}

_FRAME_TOKENS: Final = 8


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens that one completion used, as the model's server counted them.

    ``cached_tokens`` of the input were not computed anew, because an earlier request began with them.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0

    def at(self, price: Price) -> Usage:
        """One call that used these tokens, at this price."""
        read, written, cached = self.input_tokens, self.output_tokens, self.cached_tokens
        return Usage(read, written, usd=price.of(read, written, cached_tokens=cached), cached_tokens=cached)


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered.

    ``finish_reason`` is ``stop``, ``length`` (cut at ``max_output_tokens``), ``refused`` (the model declined after it
    had read the input, so its tokens are billed) or ``tool_calls`` (it wants these called; its text may be empty).
    """

    text: str
    usage: TokenCount
    finish_reason: FinishReason = "stop"
    tool_calls: tuple[ToolCall, ...] = ()


class LanguageModel(Protocol):
    """Something that completes a conversation. Shared by agents: who built it closes it."""

    @property
    def name(self) -> str:
        """The name that errors show."""
        ...

    @property
    def price(self) -> Price | None:
        """What its calls cost; None where nobody stated it."""
        ...

    async def complete(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> Completion:
        """Complete the conversation once, without retries.

        Args:
            messages: the conversation, oldest first, with the roles ``system``, ``user`` and ``assistant``.
            max_output_tokens: the most tokens the completion may have.
            temperature: sampling temperature, at least 0; None leaves it to the model.
            timeout_s: seconds until the call is given up.
            seed: makes sampling repeatable where the model can.
            options: what else is asked (``stop``, ``tools``, ``top_p`` ...); what the model does not have is ignored.

        Raises:
            AgentError: the call failed; ``agent`` holds the model's name. AgentUnavailable, AgentOverloaded,
                AgentRefused and InputTooLong mean that the model did no work.
        """
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class Resident(Protocol):
    """A language model whose weights are in this process."""

    def start(self) -> None:
        """Load the weights now rather than at the first request."""
        ...

    def check_health(self) -> None:
        """Tell whether requests are worth sending; raises AgentUnavailable where not."""
        ...


@runtime_checkable
class StreamingModel(LanguageModel, Protocol):
    """A language model that can tell its completion while it makes it."""

    def stream(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> AsyncIterator[str | Completion]:
        """The text in pieces as they are made, then the completion, whose text they are together.

        Arguments and errors as ``complete``. Closing the iterator early ends the work.
        """
        ...


def most_tokens(messages: Iterable[Message], bytes_per_token: float = 1.0) -> int:
    """Upper bound of the tokens that a conversation takes, without knowing the tokeniser.

    ``sum over messages of utf8_bytes(role + content) / bytes_per_token + 8``, plus 8 for the frame of the reply. With
    1 byte per token it holds for every byte-level tokeniser, because each token covers at least one byte.
    """
    sizes = (
        len((message.role + message.content).encode("utf-8", "replace")) + size_of(message.details)
        for message in messages
    )
    return _FRAME_TOKENS + sum(_FRAME_TOKENS + -int(-size // bytes_per_token) for size in sizes)


def size_of(stated: Mapping[str, Any]) -> int:
    """Bytes of JSON values, of which a model reads at most as many tokens; 0 where nothing is stated."""
    return len(json.dumps(stated).encode()) if stated else 0
