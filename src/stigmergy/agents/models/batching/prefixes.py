"""Questions that were read before, so that others which begin with the same tokens need not be read whole."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from stigmergy.agents.models.batching.decoder import Layers

_LEAST = 16
"""Tokens: of fewer the layers are not worth a reading apart from the other new requests."""


class KeptPrefixes:
    """Keys and values of questions by their tokens, ``most_tokens`` in all; those least recently used go first."""

    def __init__(self, most_tokens: int) -> None:
        self._most = most_tokens
        self._kept: OrderedDict[tuple[int, ...], Layers] = OrderedDict()

    def beginning(self, question: Sequence[int]) -> Layers:
        """The layers of the longest beginning that was kept, one sequence; at least one token is left to be read."""
        wanted = tuple(question)
        # Without its last token: the scores of what comes next are not kept.
        found = max(self._kept, key=lambda kept: _shared(kept, wanted[:-1]), default=())
        length = _shared(found, wanted[:-1])
        if length < _LEAST:
            return ()
        self._kept.move_to_end(found)
        return tuple((keys[:, :, :length], values[:, :, :length]) for keys, values in self._kept[found])

    def keep(self, question: Sequence[int], layers: Layers, row: int) -> None:
        """Keep what one row of a batch has read; what stands before the question there is padding."""
        asked = tuple(question)
        if not _LEAST <= len(asked) <= self._most or any(keys.shape[2] < len(asked) for keys, _ in layers):
            # Too short, too long, or a network that looks at a window and has forgotten the beginning.
            return
        for shorter in [kept for kept in self._kept if asked[: len(kept)] == kept]:
            del self._kept[shorter]
        # Copies: a part of a tensor holds the whole of it in memory.
        self._kept[asked] = tuple(
            (keys[row : row + 1, :, -len(asked) :].clone(), values[row : row + 1, :, -len(asked) :].clone())
            for keys, values in layers
        )
        while sum(map(len, self._kept)) > self._most:
            self._kept.popitem(last=False)


def _shared(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many tokens both begin with."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)
