"""The contract of a network that the batching engine drives, and what is done to its caches."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from stigmergy.agents.models.base import Messages

Layers: TypeAlias = tuple[tuple[Tensor, Tensor], ...]
"""Per layer the keys and the values of what was read, each [sequences, heads, read, width]."""


class Decoder(Protocol):
    """A causal network with its alphabet. It holds no state between calls, and one thread calls it at a time."""

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        ...

    @property
    def context(self) -> int:
        """The most tokens that a sequence may have, question and answer together."""
        ...

    @property
    def ends(self) -> frozenset[int]:
        """The tokens that end an answer."""
        ...

    def encode(self, messages: Messages) -> list[int]:
        """The conversation as tokens, up to where the answer begins."""
        ...

    def decode(self, tokens: list[int]) -> str:
        """The text of tokens of an answer; a character that is not whole yet reads as U+FFFD."""
        ...

    def read(self, tokens: Tensor, positions: Tensor, kept: Tensor, past: Layers) -> tuple[Tensor, Layers]:
        """Read tokens of several sequences, padded on the left.

        Args:
            tokens: [sequences, new].
            positions: [sequences, new], counted from the first token of each sequence that is no padding.
            kept: [sequences, read + new], False where there is padding.
            past: the layers of what was read before; empty at first.

        Returns:
            Scores [sequences, vocabulary] of what comes next, and the layers with the new tokens.
        """
        ...


def put_together(one: Layers, other: Layers) -> Layers:
    """The layers of both groups of sequences as those of one; the shorter ones are padded on the left."""
    if not one:
        return other
    return tuple(
        (_stacked(keys, more_keys), _stacked(values, more_values))
        for (keys, values), (more_keys, more_values) in zip(one, other, strict=True)
    )


def taken_out(layers: Layers, rows: Tensor, first: int) -> Layers:
    """The layers of some sequences, without the columns before ``first``."""
    return tuple((keys[rows, :, first:], values[rows, :, first:]) for keys, values in layers)


def _stacked(one: Tensor, other: Tensor) -> Tensor:
    longest = max(one.shape[2], other.shape[2])
    return torch.cat([functional.pad(part, (0, 0, longest - part.shape[2], 0)) for part in (one, other)])
