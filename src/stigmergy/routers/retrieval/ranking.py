"""The best of many scores, and rankings made one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Slots: TypeAlias = NDArray[np.intp]
_RANK_CONSTANT: Final = 60.0
"""Of reciprocal rank fusion, as published."""
_STEP: Final = 16
"""Every how manyth score is in the sample that a threshold is read off."""


def top(scores: NDArray[np.floating], k: int) -> Slots:
    """The places of the ``k`` highest finite scores, best first, of equal ones the earlier first."""
    places = _promising(scores, k)
    found = scores[places]
    if k < len(places):
        threshold = np.partition(found, len(found) - k)[len(found) - k]
        level = np.flatnonzero(found == threshold)[: k - np.count_nonzero(found > threshold)]
        chosen = np.concatenate((np.flatnonzero(found > threshold), level))
        places, found = places[chosen], found[chosen]
    return np.asarray(places[np.lexsort((places, -found))])


def _promising(scores: NDArray[np.floating], k: int) -> Slots:
    """Places, ascending, among which the ``k`` best are; a threshold read off a sample spares most a closer look."""
    rank = 4 * (k // _STEP + 2)
    sample = scores[::_STEP]
    if rank < len(sample):
        places = np.flatnonzero(scores >= np.partition(sample, len(sample) - rank)[len(sample) - rank])
        if k <= len(places) < len(scores):
            return np.asarray(places[np.isfinite(scores[places])])
    return np.flatnonzero(np.isfinite(scores))


def fuse(rankings: Sequence[Slots]) -> Slots:
    """Reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009): ``sum_r 1 / (60 + rank_r)``, ranks from 1.

    Every slot of any ranking is in it, of equal ones the earlier slot first.
    """
    slots, places = np.unique(np.concatenate(rankings), return_inverse=True)
    shares = np.concatenate([1.0 / (_RANK_CONSTANT + 1.0 + np.arange(len(ranking))) for ranking in rankings])
    scores = np.bincount(places, shares, len(slots))
    order = np.lexsort((slots, -scores))
    return np.asarray(slots[order])
