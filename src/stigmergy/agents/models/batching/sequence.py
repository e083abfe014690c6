"""One request inside the engine: what it asks, what was written for it, and when it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from stigmergy.agents.models.base import Completion, FinishReason, Messages, TokenCount
from stigmergy.agents.models.batching.decoder import Decoder
from stigmergy.agents.models.batching.writing import Writer
from stigmergy.errors import AgentError, AgentTimedOut, InputTooLong

Told: TypeAlias = str | Completion | AgentError
"""Pieces of text, then either the completion or why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one completion is to be like. ``deadline`` is a reading of the engine's clock, in seconds."""

    messages: Messages
    max_output_tokens: int
    temperature: float
    seed: int
    stops: tuple[str, ...]
    deadline: float


class Sequence:
    """The state of one request. The engine's thread owns it, except for ``cancelled``, which its asker sets."""

    def __init__(self, asked: Asked, tell: Callable[[Told], None]) -> None:
        self.asked = asked
        self.tell = tell
        self.cancelled = False
        self.ended = False
        self.prompt: list[int] = []
        self.cached = 0
        """Tokens of the prompt that had been read for an earlier request."""
        self.written: list[int] = []
        self._limit = 0
        self._ends: frozenset[int] = frozenset()
        self._writer: Writer
        # Its own generator, so that what it draws depends on its seed alone, whatever else is in the batch.
        self._generator = torch.Generator().manual_seed(asked.seed)

    def begin(self, name: str, decoder: Decoder, max_input_tokens: int) -> None:
        """Read the conversation as tokens.

        Raises:
            InputTooLong: it has more than ``max_input_tokens``, or leaves no room for an answer.
        """
        self.prompt = decoder.encode(self.asked.messages)
        room = decoder.context - len(self.prompt)
        if len(self.prompt) > max_input_tokens or room < 1:
            most = min(max_input_tokens, decoder.context - 1)
            raise InputTooLong(name, f"the question has {len(self.prompt)} tokens, the model reads at most {most}")
        self._limit = min(self.asked.max_output_tokens, room)
        self._ends = decoder.ends
        self._writer = Writer(decoder.decode, self.asked.stops)

    @property
    def greedy(self) -> bool:
        """Whether the best token is taken rather than one drawn."""
        return self.asked.temperature == 0

    def draw(self, scores: Tensor) -> int:
        """A token by its probability at the temperature asked for. ``scores``: [vocabulary]."""
        chances = torch.softmax(scores.to("cpu", torch.float64) / self.asked.temperature, 0)
        return int(torch.multinomial(chances, 1, generator=self._generator))

    def take(self, token: int) -> None:
        """Write the next token, tell the text that is certain by it, and end where the answer ends."""
        self.written.append(token)
        if token in self._ends:
            self._end("stop")
            return
        if piece := self._writer.add(token):
            self.tell(piece)
        if self._writer.stopped:
            self._end("stop")
        elif len(self.written) >= self._limit:
            self._end("length")

    def fail(self, error: AgentError) -> None:
        """End without a completion."""
        self.ended = True
        self.tell(error)

    def out_of_time(self, now: float, name: str) -> bool:
        """Whether nobody waits for it any more; tells its asker where its time is up."""
        if not self.cancelled and now >= self.asked.deadline:
            self.fail(AgentTimedOut(name, f"cut after {len(self.written)} tokens: its time was up"))
        return self.cancelled or self.ended

    def _end(self, reason: FinishReason) -> None:
        if piece := self._writer.rest():
            self.tell(piece)
        self.ended = True
        self.tell(Completion(self._writer.text, TokenCount(len(self.prompt), len(self.written), self.cached), reason))
