"""Policies on held-out queries: quality at shares of the best single agent's cost, with paired bootstrap intervals."""

from __future__ import annotations

from typing import Final

import numpy as np

from stigmergy.platform.learning.evaluation.bootstrap import Interval
from stigmergy.platform.learning.evaluation.hull import hull_vertices
from stigmergy.platform.learning.evidence.induction import Continuation
from stigmergy.routers.evidence.batch import Floats

SHARES: Final = np.arange(1, 151) / 100.0
"""Shares of the best single agent's mean cost at which a router's line is read."""
AT_BEST: Final = 99
"""The place of share 1."""
_ROUNDING: Final = 1e-6
_LEVELS: Final = (2.5, 97.5)


def read_line(learning: Continuation, test: Continuation, budgets: Floats) -> Floats:
    """The quality expected of each test query at budgets in mean USD, shape (N, G).

    The vertices of the upper concave hull are chosen on the learning queries; between their *test* points, by cost, two
    policies are mixed at random; beyond the ends the last policy stands (METHODS M2).
    """
    vertices = hull_vertices(learning.cost.mean(axis=0)[None], learning.quality.mean(axis=0)[None])[0]
    cost = test.cost.mean(axis=0)[vertices]
    order = np.argsort(cost, kind="stable")
    cost, quality = cost[order], test.quality[:, vertices[order]]
    right = np.clip(np.searchsorted(cost, budgets, side="right"), 1, max(len(cost) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(cost) - 1)
    width = cost[right] - cost[left]
    share = np.clip(np.where(width > 0.0, (budgets - cost[left]) / np.where(width > 0.0, width, 1.0), 0.0), 0.0, 1.0)
    mixed = quality[:, left] * (1.0 - share) + quality[:, right] * share
    return np.where(budgets < cost[0], np.nan, mixed)


def cost_share(line: Floats, wanted: Floats) -> Floats:
    """The least share of ``SHARES`` at which quality reaches what is wanted; (S, G) and (S,) to (S,), NaN for never."""
    reached = np.nan_to_num(line, nan=-1.0) >= wanted[:, None] - _ROUNDING
    return np.where(reached.any(axis=1), SHARES[reached.argmax(axis=1)], np.nan)


def interval(values: Floats) -> Interval | None:
    """From values of shape (1 + samples,), the first on the queries as they are; None where it does not exist.

    Samples in which the figure does not exist count as infinitely bad: above every bound.
    """
    if not np.isfinite(values[0]):
        return None
    low, high = np.percentile(np.nan_to_num(values[1:], nan=np.inf), _LEVELS, method="nearest")
    return Interval(float(values[0]), float(low), float(high))
