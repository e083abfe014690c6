"""Upper concave hulls of many sets of points at once."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]

NO_POINT: Final = -1


def hull_vertices(cost: Floats, quality: Floats) -> Places:
    """The vertices of the upper concave hull, from the cheapest point to the best one.

    Gift wrapping for all sets in step: from the cheapest point (of several the best) on to the point of the steepest
    rise (of several the farthest), for as long as there is a rise.

    Args:
        cost: shape (sets, points).
        quality: shape (sets, points).

    Returns:
        Places of points, shape (sets, longest hull); ``NO_POINT`` after the last vertex of a shorter hull.
    """
    rows = np.arange(len(cost))
    here = np.where(cost == cost.min(axis=1, keepdims=True), quality, -np.inf).argmax(axis=1)
    found, going = [here], np.ones(len(cost), dtype=bool)
    while True:
        right = cost - cost[rows, here, None]
        up = quality - quality[rows, here, None]
        rises = (right > 0.0) & (up > 0.0) & going[:, None]
        slope = np.where(rises, up / np.where(rises, right, 1.0), -np.inf)
        steepest = slope.max(axis=1, keepdims=True)
        going = steepest[:, 0] > 0.0
        if not going.any():
            return np.stack(found, axis=1)
        farthest = np.where(rises & (slope == steepest), right, -np.inf).argmax(axis=1)
        here = np.where(going, farthest, here)
        found.append(np.where(going, farthest, NO_POINT))
