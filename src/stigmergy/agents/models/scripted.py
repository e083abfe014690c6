"""A deterministic model: answers by pattern, counts tokens, refuses and fails on request. For tests and drills."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from stigmergy.agents.models.base import NO_OPTIONS, Completion, FinishReason, Messages, TokenCount
from stigmergy.agents.silence import Silence
from stigmergy.domain import ModelOptions, Price
from stigmergy.errors import AgentError

_BYTES_PER_TOKEN: Final = 4


@dataclass(frozen=True, slots=True)
class BilledRefusal:
    """The model reads the input, declines with this text, and bills for it."""

    text: str = "I cannot help with that."


Answer: TypeAlias = str | AgentError | Silence | BilledRefusal
"""A completion's text, an error to raise, silence, or a refusal."""


class ScriptedModel:
    r"""Answers with the first entry whose pattern is found (``re.search``) in the last message.

    A text may use the pattern's groups (``\1``). Tokens are a quarter of the UTF-8 bytes, rounded up; an answer
    longer than ``max_output_tokens`` is cut there.
    """

    def __init__(
        self, name: str, script: Sequence[tuple[str, Answer]], otherwise: Answer = "ok", price: Price | None = None
    ) -> None:
        self.name = name
        self.price = price
        self.asked: list[Messages] = []
        """Every conversation the model was asked to complete, oldest first."""
        self._script = [(re.compile(pattern), answer) for pattern, answer in script]
        self._otherwise = otherwise

    async def complete(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> Completion:
        """Answer from the script; ``temperature``, ``seed`` and ``options`` change nothing."""
        del temperature, seed, options
        self.asked.append(messages)
        answer = self._answer_to(messages[-1].content)
        if isinstance(answer, AgentError):
            raise answer
        if isinstance(answer, Silence):
            await answer.keep(self.name, timeout_s)
        text = answer.text if isinstance(answer, BilledRefusal) else str(answer)
        reason: FinishReason = "refused" if isinstance(answer, BilledRefusal) else "stop"
        if _tokens(text) > max_output_tokens:
            text, reason = _cut(text, max_output_tokens), "length" if reason == "stop" else reason
        read = sum(_tokens(message.content) for message in messages)
        return Completion(text, TokenCount(read, _tokens(text)), reason)

    async def stream(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> AsyncIterator[str | Completion]:
        """The same completion word by word; see ``StreamingModel``."""
        done = await self.complete(messages, max_output_tokens, temperature, timeout_s, seed, options)
        if done.finish_reason != "refused":
            for piece in re.findall(r"\s*\S+|\s+$", done.text):
                yield piece
        yield done

    async def aclose(self) -> None:
        """There is nothing to give back."""

    def _answer_to(self, text: str) -> Answer:
        for pattern, answer in self._script:
            if found := pattern.search(text):
                return found.expand(answer) if isinstance(answer, str) else answer
        return self._otherwise


def _tokens(text: str) -> int:
    return math.ceil(len(text.encode()) / _BYTES_PER_TOKEN)


def _cut(text: str, tokens: int) -> str:
    return text.encode()[: tokens * _BYTES_PER_TOKEN].decode(errors="ignore")
