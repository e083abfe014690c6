"""From what contestants did to figures: intervals, differences of pairs, dear calls at the same success."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.platform.learning.contest.playing import Figures, Result
from stigmergy.platform.learning.evaluation.bootstrap import Interval, interval, query_weights
from stigmergy.platform.learning.evaluation.hull import hull_vertices

_FIXED: Final = 0
"""Seed of the samples of queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One contestant on one data set: means over seeds by level and query, shape (L, Q), and violations per level."""

    success: Figures
    cost: Figures
    dear: Figures
    violations: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """One data set: who stands where, the tested queries, and whether every query was tested by folds."""

    name: str
    rules: Mapping[str, Standing]
    learned: Mapping[str, Standing]
    best_payable: Standing
    queries: int
    by_folds: bool
    files: Mapping[str, str]


def standing(results: Sequence[Result]) -> Standing:
    """Results of a contestant's seeds on the same queries."""
    return Standing(
        success=np.mean([each.success for each in results], axis=0),
        cost=np.mean([each.cost for each in results], axis=0),
        dear=np.mean([each.dear for each in results], axis=0),
        violations=np.sum([each.violations for each in results], axis=0).tolist(),
    )


def joined(parts: Sequence[Result]) -> Result:
    """Results on parts of the queries, as folds give them."""
    return Result(
        success=np.concatenate([part.success for part in parts], axis=1),
        cost=np.concatenate([part.cost for part in parts], axis=1),
        dear=np.concatenate([part.dear for part in parts], axis=1),
        violations=np.sum([part.violations for part in parts], axis=0),
    )


class Resampled:
    """Means over queries as they are and as drawn with replacement; pairs of contestants share the drawing."""

    def __init__(self, queries: int, samples: int) -> None:
        weights = query_weights(queries, samples, _FIXED).astype(np.float64)
        self._weights = weights / weights.sum(axis=1, keepdims=True)

    def means(self, values: Figures) -> Figures:
        """From (L, Q) to (L, 1 + samples)."""
        return np.asarray(values @ self._weights.T, dtype=np.float64)


def intervals(means: Figures) -> list[Interval]:
    """One for every level, from (L, 1 + samples)."""
    found = [interval(level) for level in means]
    return [each for each in found if each is not None]


def best_rule(rules: Mapping[str, Standing], level: int) -> str:
    """The rule of most success at a level; of equal ones that with the fewest dear calls, then the cheaper one."""

    def worth(name: str) -> tuple[float, float, float]:
        of_level = [values[level].mean() for values in (rules[name].success, rules[name].dear, rules[name].cost)]
        return of_level[0], -of_level[1], -of_level[2]

    return max(rules, key=worth)


def against_best(mine: Standing, rules: Mapping[str, Standing], resampled: Resampled) -> tuple[Figures, list[str]]:
    """Success less that of the best rule at every level, shape (L, 1 + samples), and which rules these were."""
    names = [best_rule(rules, level) for level in range(len(mine.success))]
    theirs = np.stack([rules[name].success[level] for level, name in enumerate(names)])
    return resampled.means(mine.success - theirs), names


def pooled(differences: Sequence[Figures]) -> list[Interval]:
    """The mean over data sets, each counting once; queries were drawn in each set by itself."""
    return intervals(np.mean(differences, axis=0))


def dear_needed(rules: Mapping[str, Standing], level: int, success: float) -> float:
    """Dear calls per query of the cheapest random mixture of rules at a level that reaches a success.

    Beyond the most that rules reach, the dear calls of the rule that reaches it.
    """
    dear = np.array([[each.dear[level].mean() for each in rules.values()]])
    reached = np.array([[each.success[level].mean() for each in rules.values()]])
    corners = np.unique(hull_vertices(dear, reached)[0])
    order = corners[np.argsort(reached[0, corners])]
    return float(np.interp(success, reached[0, order], dear[0, order]))


def dear_saved(mine: Standing, rules: Mapping[str, Standing]) -> tuple[float, float]:
    """Dear calls per query, summed over levels: mine, and what mixtures of rules need for the same success."""
    needed = [dear_needed(rules, level, float(mine.success[level].mean())) for level in range(len(mine.success))]
    return float(mine.dear.mean(axis=1).sum()), float(sum(needed))
