"""How much is a query like those that are known?"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.guard.terms import Floats, Terms


class Neighbours:
    """Known texts as postings: for each term the texts that have it, with its weight in each.

    Args:
        starts: where the postings of each term begin, and the last ones end; shape (terms + 1,).
        texts: the text of each posting.
        weights: the weight of each posting.
        count: how many texts there are.
        nearest: how many of the likest texts are averaged.
    """

    def __init__(
        self, starts: NDArray[np.int64], texts: NDArray[np.int32], weights: Floats, count: int, nearest: int
    ) -> None:
        self.starts: Final = starts
        self.texts: Final = texts
        self.weights: Final = weights
        self.count: Final = count
        self.nearest: Final = nearest

    def likeness(self, terms: Terms) -> float:
        """The mean cosine to the ``nearest`` likest texts, in [0, 1]."""
        begins = self.starts[terms.columns]
        lengths = self.starts[terms.columns + 1] - begins
        ends = np.cumsum(lengths)
        if not len(ends) or not ends[-1]:
            return 0.0
        postings = np.arange(ends[-1]) + np.repeat(begins - ends + lengths, lengths)
        shares = self.weights[postings] * np.repeat(terms.weights, lengths)
        likeness = np.bincount(self.texts[postings], shares, self.count)
        nearest = min(self.nearest, self.count)
        return float(np.partition(likeness, self.count - nearest)[-nearest:].mean())
