"""Completions without an engine: a fixed list of requests, written side by side to the end in the calling thread."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from stigmergy.agents.models.base import Completion, Messages
from stigmergy.agents.models.batching.batch import Batch
from stigmergy.agents.models.batching.decoder import Decoder
from stigmergy.agents.models.batching.prefixes import KeptPrefixes
from stigmergy.agents.models.batching.sequence import Asked, Sequence, Told


@torch.inference_mode()
def write_all(decoder: Decoder, conversations: Iterable[Messages], max_output_tokens: int) -> list[Completion]:
    """The likeliest completion of every conversation, in their order.

    Raises:
        InputTooLong: a conversation leaves no room for an answer.
    """
    done: dict[int, Completion] = {}
    asked = [
        Sequence(_asked(messages, max_output_tokens), _Keeping(done, place))
        for place, messages in enumerate(conversations)
    ]
    for sequence in asked:
        sequence.begin("offline", decoder, decoder.context)
    batch = Batch(decoder, KeptPrefixes(0))
    batch.join(asked)
    while True:
        batch.leave([sequence for sequence in batch.sequences if sequence.ended])
        if not batch.sequences:
            return [done[place] for place in range(len(asked))]
        batch.step()


class _Keeping:
    """Keeps the completion of one request."""

    def __init__(self, done: dict[int, Completion], place: int) -> None:
        self._done, self._place = done, place

    def __call__(self, told: Told) -> None:
        if isinstance(told, Completion):
            self._done[self._place] = told


def _asked(messages: Messages, max_output_tokens: int) -> Asked:
    return Asked(
        messages=messages,
        max_output_tokens=max_output_tokens,
        temperature=0.0,
        seed=0,
        stops=(),
        deadline=float("inf"),
    )
