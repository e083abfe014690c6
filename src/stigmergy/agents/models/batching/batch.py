"""The sequences that are written side by side, padded on the left into one tensor per layer."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from stigmergy.agents.models.batching.decoder import Decoder, Layers, put_together, taken_out
from stigmergy.agents.models.batching.prefixes import KeptPrefixes
from stigmergy.agents.models.batching.sequence import Sequence


class Batch:
    """Reads and writes a changing set of sequences; each step writes one token of every one of them.

    Of a question that begins like an earlier one, the rest alone is read.
    """

    def __init__(self, decoder: Decoder, prefixes: KeptPrefixes) -> None:
        self.sequences: list[Sequence] = []
        self._decoder, self._prefixes = decoder, prefixes
        self._layers: Layers = ()
        self._kept = torch.zeros((0, 0), dtype=torch.bool, device=decoder.device)

    def join(self, new: list[Sequence]) -> None:
        """Read the questions of new sequences and write their first tokens."""
        begun = [(sequence, self._prefixes.beginning(sequence.prompt)) for sequence in new]
        fresh = [sequence for sequence, past in begun if not past]
        if fresh:
            self._read(fresh, ())
        # Each by itself, as pasts of several lengths would leave gaps that some networks count as read.
        for sequence, past in begun:
            if past:
                self._read([sequence], past)

    def _read(self, new: list[Sequence], past: Layers) -> None:
        """Read what is left of questions whose beginnings are the past."""
        begun = past[0][0].shape[2] if past else 0
        tokens, kept = _padded([sequence.prompt[begun:] for sequence in new], self._decoder.device)
        kept = functional.pad(kept, (begun, 0), value=True)
        positions = (kept.cumsum(1) - 1).clamp_min(0)[:, begun:]
        scores, layers = self._decoder.read(tokens, positions, kept, past)
        for row, sequence in enumerate(new):
            sequence.cached = begun
            self._prefixes.keep(sequence.prompt, layers, row)
        longest = max(self._kept.shape[1], kept.shape[1])
        both = [functional.pad(part, (longest - part.shape[1], 0)) for part in (self._kept, kept)]
        self._layers, self._kept = put_together(self._layers, layers), torch.cat(both)
        self.sequences.extend(new)
        _write(new, scores)

    def step(self) -> None:
        """Write one more token of every sequence."""
        device = self._decoder.device
        tokens = torch.tensor([[sequence.written[-1]] for sequence in self.sequences], device=device)
        positions = self._kept.sum(1, keepdim=True)
        self._kept = functional.pad(self._kept, (0, 1), value=True)
        scores, self._layers = self._decoder.read(tokens, positions, self._kept, self._layers)
        _write(self.sequences, scores)

    def leave(self, gone: Iterable[Sequence]) -> None:
        """Take sequences out and give back what they held."""
        left = set(map(id, gone))
        rows = [row for row, sequence in enumerate(self.sequences) if id(sequence) not in left]
        if len(rows) == len(self.sequences):
            return
        self.sequences = [self.sequences[row] for row in rows]
        if not rows:
            self._layers, self._kept = (), self._kept[:0, :0]
            return
        chosen = torch.tensor(rows, device=self._decoder.device)
        kept = self._kept[chosen]
        first = int(kept.any(0).int().argmax())
        self._layers, self._kept = taken_out(self._layers, chosen, first), kept[:, first:]


def _padded(prompts: list[list[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    longest = max(map(len, prompts))
    tokens = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts], device=device)
    kept = torch.tensor([[False] * (longest - len(p)) + [True] * len(p) for p in prompts], device=device)
    return tokens, kept


def _write(sequences: list[Sequence], scores: Tensor) -> None:
    best = scores.argmax(-1).tolist()
    for row, sequence in enumerate(sequences):
        sequence.take(best[row] if sequence.greedy else sequence.draw(scores[row]))
