"""From readings on splits to figures: folds of a seed are added up, seeds are averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from stigmergy.platform.learning.evaluation.hull import Floats
from stigmergy.platform.learning.evaluation.reading import Reading

SeedReadings: TypeAlias = Sequence[Sequence[Reading]]
"""One router's readings: for each seed, one for each of its splits."""
LEVELS: Final = (0, 1, 3)
"""Points of quality below the best single arm at which costs are compared."""
_ROUNDING: Final = 1e-6


def gaps(router: SeedReadings, oracle: SeedReadings) -> Floats:
    """Gap closed for every seed under every weighting, shape (seeds, S); NaN where the oracle is at the hull.

    ``sum_f w_f sum_b (router - hull) / sum_f w_f sum_b (oracle - hull)`` over the folds f and the budgets b.
    """
    rows = []
    for mine, best in zip(router, oracle, strict=True):
        over, room = (_added([each.weight * each.over_hull for each in readings]) for readings in (mine, best))
        rows.append(np.divide(over, room, out=np.full(room.shape, np.nan), where=room > _ROUNDING))
    return np.stack(rows)


def at_best_cost(router: SeedReadings) -> Floats:
    """Quality at the best single arm's cost under every weighting, shape (S,): mean over queries and seeds."""
    seeds = [_weighted(readings, [each.at_best for each in readings]) for readings in router]
    return np.asarray(np.mean(seeds, axis=0), dtype=np.float64)


def along_multiples(router: SeedReadings) -> Floats:
    """The mean curve at multiples of the best single arm's cost, shape (multiples,)."""
    seeds = [
        np.average([each.along for each in readings], axis=0, weights=[each.weight[0] for each in readings])
        for readings in router
    ]
    return np.asarray(np.mean(seeds, axis=0), dtype=np.float64)


def cost_shares(multiples: Floats, along: Floats, best_quality: float) -> Mapping[str, float | None]:
    """By points below the best single arm's quality: the least share of its cost that reaches it; None: never."""
    return {str(level): _first_reach(multiples, along, best_quality - level / 100) for level in LEVELS}


def _first_reach(multiples: Floats, along: Floats, target: float) -> float | None:
    reached = along >= target - _ROUNDING
    if not reached.any():
        return None
    place = int(reached.argmax())
    if place == 0:
        return float(multiples[0])
    low, high = along[place - 1], along[place]
    share = min(1.0, (target - low) / (high - low)) if high > low else 1.0
    return float(multiples[place - 1] + share * (multiples[place] - multiples[place - 1]))


@dataclass(frozen=True, slots=True)
class PerQuery:
    """What is expected of every query at the best single arm's cost, mean over seeds; NaN: never tested. Shape (Q,)."""

    quality: Floats
    cost: Floats
    solved: Floats


def per_query(router: SeedReadings, queries: int) -> PerQuery:
    """Put the splits' expectations at their queries."""
    found = np.zeros((3, queries))
    times = np.zeros(queries)
    for reading in (each for readings in router for each in readings):
        times[reading.rows] += 1
        found[:, reading.rows] += np.stack((reading.quality, reading.cost, reading.solved))
    with np.errstate(invalid="ignore"):
        return PerQuery(*(found / times))


def _weighted(readings: Sequence[Reading], values: Sequence[Floats]) -> Floats:
    total = _added([each.weight for each in readings])
    return _added([each.weight * value for each, value in zip(readings, values, strict=True)]) / np.maximum(total, 1.0)


def _added(parts: Sequence[Floats]) -> Floats:
    return np.asarray(np.sum(parts, axis=0), dtype=np.float64)
