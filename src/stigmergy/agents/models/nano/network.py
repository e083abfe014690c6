"""The network of the nano models: a small causal transformer with rotary positions, in plain torch.

Pre-norm blocks (RMS norm, attention, gated feed-forward) as in Llama, the embedding tied to the output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from stigmergy.agents.models.nano.characters import VOCABULARY

Cache: TypeAlias = tuple[tuple[Tensor, Tensor], ...]
"""Per layer the keys and values of what was read, each [batch, heads, read, width / heads]."""
SizeName: TypeAlias = Literal["small", "large"]
_ROTATION_BASE: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class NanoShape:
    """How large a network is. ``width`` is a multiple of ``2 * heads``."""

    width: int
    layers: int
    heads: int
    vocabulary: int = VOCABULARY


SIZES: Final[dict[SizeName, NanoShape]] = {
    "small": NanoShape(width=32, layers=2, heads=4),
    "large": NanoShape(width=64, layers=3, heads=4),
}


class NanoNetwork(nn.Module):
    """Tokens in, scores of the next token out; what was read before comes and goes as a cache."""

    def __init__(self, shape: NanoShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(_Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw every matrix anew: normal with a standard deviation of ``1 / sqrt(inputs)``."""
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5, generator=generator)

    def forward(
        self, tokens: Tensor, positions: Tensor, mask: Tensor | None = None, past: Cache = ()
    ) -> tuple[Tensor, Cache]:
        """Read tokens.

        Args:
            tokens: [batch, new], what is read now.
            positions: [batch, new], where each stands in its sequence.
            mask: [batch, 1, new, read + new], True where the one may look at the other; None: each looks at itself and
                what stands before it, and nothing was read before.
            past: the cache of what was read before.

        Returns:
            Scores [batch, new, vocabulary], and the cache with the new tokens.
        """
        hidden = self.embedding(tokens)
        turn = _rotation(positions, self.shape.width // self.shape.heads)
        cache = []
        for index, block in enumerate(self.blocks):
            hidden, kept = block(hidden, turn, mask, past[index] if past else None)
            cache.append(kept)
        return functional.linear(self.norm(hidden), self.embedding.weight), tuple(cache)


class _Block(nn.Module):
    def __init__(self, shape: NanoShape) -> None:
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.norm_attention, self.norm_feed = nn.RMSNorm(width), nn.RMSNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate_and_up = nn.Linear(width, 6 * width, bias=False)
        self.down = nn.Linear(3 * width, width, bias=False)

    def forward(
        self, hidden: Tensor, turn: tuple[Tensor, Tensor], mask: Tensor | None, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        query, key, value = self._split(self.query_key_value(self.norm_attention(hidden)))
        query, key = _rotate(query, turn), _rotate(key, turn)
        if past is not None:
            key, value = torch.cat((past[0], key), 2), torch.cat((past[1], value), 2)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=mask is None)
        hidden = hidden + self.out(seen.transpose(1, 2).flatten(2))
        gate, up = self.gate_and_up(self.norm_feed(hidden)).chunk(2, -1)
        return hidden + self.down(functional.silu(gate) * up), (key, value)

    def _split(self, mixed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch, new, _ = mixed.shape
        parts = mixed.view(batch, new, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return parts[0], parts[1], parts[2]


def _rotation(positions: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines [batch, 1, new, width / 2] of rotary positions."""
    exponents = torch.arange(0, width, 2, device=positions.device) / width
    angles = positions[:, None, :, None] * _ROTATION_BASE**-exponents
    return angles.cos(), angles.sin()


def _rotate(vectors: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    cosines, sines = turn
    left, right = vectors.chunk(2, -1)
    return torch.cat((left * cosines - right * sines, left * sines + right * cosines), -1).to(vectors.dtype)
