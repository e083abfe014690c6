"""Texts as weighted terms: hashed runs of characters, words and pairs of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.query_features import byte_grams, word_grams

Floats = NDArray[np.float32]
Columns = NDArray[np.intp]
Hashes = NDArray[np.uint32]
LONGEST: Final = 1000
"""Characters that are looked at: what a query is about shows before, and the guard has to answer in time."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A text over a vocabulary: places in it, ascending, and their weights; the weights have norm 1."""

    columns: Columns
    weights: Floats


class Vocabulary:
    """Term frequency times inverse document frequency: ``log(1 + count) rarity``, scaled to norm 1.

    Args:
        hashes: of the known terms, ascending, shape (terms,).
        rarity: ``log((1 + texts) / (1 + texts with the term)) + 1``, shape (terms,).
    """

    def __init__(self, hashes: Hashes, rarity: Floats) -> None:
        self.hashes: Final = hashes
        self.rarity: Final = rarity

    def __len__(self) -> int:
        return len(self.hashes)

    def read(self, text: str) -> Terms:
        """The known terms of a text; none at all for a text without any."""
        return self.weigh(*tally(text))

    def weigh(self, hashes: Hashes, counts: Floats) -> Terms:
        """As ``read``, of what ``tally`` made of the text."""
        if not len(self.hashes):
            return Terms(np.zeros(0, np.intp), np.zeros(0, np.float32))
        places = np.searchsorted(self.hashes, hashes).clip(max=len(self.hashes) - 1)
        known = self.hashes[places] == hashes
        columns = places[known]
        weights = counts[known] * self.rarity[columns]
        norm = float(np.sqrt(weights @ weights))
        return Terms(columns, weights / np.float32(norm or 1.0))


def tally(text: str) -> tuple[Hashes, Floats]:
    """The distinct terms of a text, ascending, and ``log(1 + count)`` of each. Case and spacing do not count."""
    plain = " ".join(text[:LONGEST].lower().split())
    hashes, counts = np.unique(np.concatenate((byte_grams(plain), word_grams(plain))), return_counts=True)
    return hashes, np.log1p(counts).astype(np.float32)
