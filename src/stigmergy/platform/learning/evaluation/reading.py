"""What is read off a router's curve on one split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.platform.learning.evaluation.hull import Floats, Places
from stigmergy.platform.learning.evaluation.judging import Ground, Judged, realised

SOLVED: Final = 0.5
"""A score from here on counts as solved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A router on one split, under S weightings where not said otherwise."""

    weight: Floats
    """How much the split's test queries weigh together, shape (S,)."""
    over_hull: Floats
    """Sum over the grid of its quality less the hull's, shape (S,)."""
    at_best: Floats
    """Its quality at the best single arm's cost, shape (S,)."""
    along: Floats
    """Its quality at multiples of the best single arm's cost, all queries counted once, shape (multiples,)."""
    rows: Places
    """The test queries, shape (T,); what follows is expected of each at the best single arm's cost, shape (T,)."""
    quality: Floats
    cost: Floats
    solved: Floats


def read(ground: Ground, judged: Judged, hull: Judged, multiples: Floats) -> Reading:
    """Everything that a report needs of a router on a split."""
    grid, best_cost = ground.grid, ground.best_cost
    chances = judged.chances(float(best_cost[0]))
    used = np.flatnonzero(chances)
    rows = ground.split.test
    quality, cost = (
        realised(values[rows], judged.taken[:, used]) for values in (ground.outcomes.quality, ground.outcomes.cost)
    )
    return Reading(
        weight=ground.test_weight,
        over_hull=(judged.read(grid) - hull.read(grid)).sum(axis=1),
        at_best=judged.read(best_cost[:, None])[:, 0],
        along=judged.first().read(multiples[None] * best_cost[0])[0],
        rows=rows,
        quality=quality @ chances[used],
        cost=cost @ chances[used],
        solved=(quality >= SOLVED) @ chances[used],
    )
