"""The best of many scores, and rankings made one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Slots: TypeAlias = NDArray[np.intp]
Fused: TypeAlias = tuple[Slots, NDArray[np.float64]]
"""Slots, best first, and their scores."""
_RANK_CONSTANT: Final = 60.0
"""Of reciprocal rank fusion, as published."""
BEST_OF_TWO: Final = 2.0 / (_RANK_CONSTANT + 1.0)
"""The fused score of what is first in two rankings; none of two is higher."""


def top(scores: NDArray[np.floating], k: int) -> Slots:
    """The places of the ``k`` highest finite scores, best first, of equal ones the earlier first."""
    if k < len(scores):
        threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
        above = np.flatnonzero(scores > threshold)
        level = np.flatnonzero(scores == threshold)[: k - len(above)]
        places = np.concatenate((above, level))
    else:
        places = np.arange(len(scores))
    places = places[np.isfinite(scores[places])]
    return np.asarray(places[np.lexsort((places, -scores[places]))])


def fuse(rankings: Sequence[Slots]) -> Fused:
    """Reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009): ``sum_r 1 / (60 + rank_r)``, ranks from 1.

    Every slot of any ranking is in it, of equal ones the earlier slot first.
    """
    slots, places = np.unique(np.concatenate(rankings), return_inverse=True)
    shares = np.concatenate([1.0 / (_RANK_CONSTANT + 1.0 + np.arange(len(ranking))) for ranking in rankings])
    scores = np.asarray(np.bincount(places, shares, len(slots)), dtype=np.float64)
    order = np.lexsort((slots, -scores))
    return slots[order], scores[order]
