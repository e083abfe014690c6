"""Cost against quality on test: lines between points that were chosen before test was seen (METHODS M2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.platform.learning.evaluation.hull import NO_POINT, Floats, Places

GRID: Final = 40
_LEAST_SHARE: Final = 1e-3
"""Where the cheapest arm is free, the logarithmic grid begins at this share of its other end."""


@dataclass(frozen=True, slots=True)
class Curve:
    """For each of S weightings of the queries, V points by ascending test cost.

    ``points`` names them: places of policies, or their number for the anchor (the cheapest hull arm); anything where
    ``cost`` is infinite, which is after the last one.
    """

    cost: Floats
    points: Places

    def read(self, budgets: Floats, values: Floats) -> Floats:
        """Read the line through values that policies have, at budgets; flat beyond both ends.

        Args:
            budgets: mean USD per query, shape (S, G).
            values: of every policy and of the anchor, such as their mean test quality, shape (S, policies + 1).

        Returns:
            Shape (S, G).
        """
        left, right, share = self.between(budgets)
        along = np.take_along_axis(values, self.points, axis=1)
        low, high = np.take_along_axis(along, left, axis=1), np.take_along_axis(along, right, axis=1)
        return low + share * (high - low)

    def between(self, budgets: Floats) -> tuple[Places, Places, Floats]:
        """For budgets of shape (S, G): the columns of the two points around each, and the share of the right one."""
        passed = (self.cost[:, None, :] <= budgets[:, :, None]).sum(axis=2)
        last = np.isfinite(self.cost).sum(axis=1, keepdims=True) - 1
        left = np.clip(passed - 1, 0, last)
        right = np.clip(passed, 0, last)
        start, end = np.take_along_axis(self.cost, left, axis=1), np.take_along_axis(self.cost, right, axis=1)
        width = np.where(end > start, end - start, 1.0)
        return left, right, np.clip((budgets - start) / width, 0.0, 1.0) * (end > start)


def lay_curve(vertices: Places, cost: Floats, anchor_cost: Floats) -> Curve:
    """Lines between the vertices' test points, by cost; left of them, a line to the anchor.

    No new hull and no running maximum: what looked good on the learning queries and is not, shows.

    Args:
        vertices: of the hull on predictions for the learning queries, shape (S, longest).
        cost: mean test cost of every policy, shape (S, policies).
        anchor_cost: mean test cost of the cheapest hull arm, shape (S,).
    """
    there = vertices != NO_POINT
    along = np.where(there, np.take_along_axis(cost, np.where(there, vertices, 0), axis=1), np.inf)
    anchor = np.where(anchor_cost < along.min(axis=1), anchor_cost, np.inf)
    all_cost = np.concatenate((anchor[:, None], along), axis=1)
    points = np.concatenate((np.full((len(cost), 1), cost.shape[1]), np.where(there, vertices, 0)), axis=1)
    order = np.argsort(all_cost, axis=1, kind="stable")
    return Curve(np.take_along_axis(all_cost, order, axis=1), np.take_along_axis(points, order, axis=1))


def budget_grid(low: Floats, high: Floats) -> Floats:
    """``GRID`` log-spaced budgets for each pair of ends, shape (S, GRID)."""
    lowest = np.maximum(np.minimum(low, high), _LEAST_SHARE * np.maximum(low, high))
    lowest = np.maximum(lowest, np.finfo(np.float64).tiny)
    highest = np.maximum(np.maximum(low, high), lowest)
    steps = np.linspace(0.0, 1.0, GRID)
    return np.asarray(np.exp(np.log(lowest)[:, None] * (1.0 - steps) + np.log(highest)[:, None] * steps))
