"""The most similar queries of a whole log, found once for every split of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[Any]
"""Row numbers, or one truth value per row."""


@dataclass(frozen=True, slots=True)
class KinList:
    """For each of the log's N queries its most similar ones, most similar first, and their cosines; both (N, K)."""

    near: NDArray[np.intp]
    likeness: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Kin:
    """Lists of the log by name of the view, and which of its queries these are: ``rows``, shape (Q,)."""

    lists: Mapping[str, KinList]
    rows: Rows

    def longest(self, view: str) -> int:
        """How many similar queries are listed of each; 0 for a view without lists."""
        return self.lists[view].near.shape[1] if view in self.lists else 0

    def take(self, places: Rows) -> Kin:
        """The same for some of these queries."""
        return replace(self, rows=self.rows[places])

    def among(self, seen: Kin, view: str, count: int) -> tuple[NDArray[np.intp], NDArray[np.float32], Rows]:
        """Of each query the ``count`` most similar ones that were seen, as places among those.

        Returns:
            Places and cosines, both (Q, count), and which queries' lists are long enough, (Q,); of the others nothing
            that is returned can be used.
        """
        listed = self.lists[view]
        place = np.full(len(listed.near), -1, dtype=np.intp)
        place[seen.rows] = np.arange(len(seen.rows))
        near = place[listed.near[self.rows]]
        known = near >= 0
        order = np.argsort(~known, axis=1, kind="stable")[:, :count]
        likeness = np.take_along_axis(listed.likeness[self.rows], order, axis=1)
        return np.take_along_axis(near, order, axis=1), likeness, known.sum(axis=1) >= count
