"""How hard queries are for a set of arms, and what to clone on them (METHODS M7, M16)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import TaskType
from stigmergy.routers.estimators.base import Estimator, Outcomes, Queries
from stigmergy.routers.estimators.folds import fold_numbers, out_of_fold
from stigmergy.routers.observation import Money, Places, Truths

Figures = NDArray[np.float64]
"""Numbers of shape (Q, A)."""
_NEVER: Final = np.iinfo(np.int64).max
_LEAST_VARIANCE: Final = 0.09
"""Of one run: a prediction near 0 or 1 is not so sure that a single run could overturn it."""


class Difficulty(StrEnum):
    """What a query asks of the two boundaries."""

    EASY = "easy"
    HARD = "hard"
    INTRACTABLE = "intractable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Of the taxonomy and of cloning.

    Attributes:
        solved: an arm solves a query when the lower bound of its quality is at least this.
        hopeless: nobody does when every arm's upper bound is at most this.
        delta: how far below the best arm's lower bound a clone's may lie.
        sigmas: half-width of a bound in standard errors; 1.2816 is one-sided 90 %.
        least_runs: below it, and without a model that was fitted, an arm is not observed.
    """

    solved: float = 0.5
    hopeless: float = 0.3
    delta: float = 0.05
    sigmas: float = 1.2816
    least_runs: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Lower and upper bounds of every arm's quality on every query; ``observed`` is False where nothing is known."""

    lower: Figures
    upper: Figures
    observed: Truths


def quality_bounds(
    queries: Queries, outcomes: Outcomes, runs: Figures, estimator: Estimator, thresholds: Thresholds
) -> Bounds:
    """Cross-fitted expectation, sharpened by the query's own runs, with bounds of its error (METHODS M16).

    With m the prediction of an estimator that did not see the query, v the variance of its out-of-fold errors per arm
    less the mean variance of a run's outcome (at least a hundredth of it), s = max(m (1 - m), .09) that of one run, n
    runs and their mean y::

        mean = (m / v + n y / s) / (1 / v + n / s),   variance = 1 / (1 / v + n / s)

    Args:
        queries: as the estimator sees them.
        outcomes: mean outcomes; NaN where an arm was not run.
        runs: how many, shape (Q, A).
        estimator: fitted five times, each without a fifth of the queries.
        thresholds: how wide bounds are, and how many runs make an observation.
    """
    folds = fold_numbers(queries.texts, "boundary")
    predicted = out_of_fold(estimator, queries, outcomes, folds).quality.astype(np.float64)
    m = np.clip(predicted, 0.0, 1.0)
    seen = np.isfinite(outcomes.quality) & (runs > 0)
    y = np.where(seen, np.nan_to_num(outcomes.quality), m)
    n = np.where(seen, runs, 0.0)
    s = np.maximum(m * (1.0 - m), _LEAST_VARIANCE)
    errors = np.where(seen, np.square(y - m), 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    noise = np.where(seen, s / np.maximum(n, 1.0), 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    v = np.maximum(errors - noise, 0.01 * np.maximum(errors, 1e-4))
    precision = 1.0 / v + n / s
    mean = (m / v + n * y / s) / precision
    width = thresholds.sigmas / np.sqrt(precision)
    modelled = len(np.unique(folds)) > 1
    observed = seen & ((runs >= thresholds.least_runs) | modelled)
    return Bounds(lower=np.clip(mean - width, 0.0, 1.0), upper=np.clip(mean + width, 0.0, 1.0), observed=observed)


def difficulty(bounds: Bounds, price: Money, thresholds: Thresholds) -> NDArray[np.object_]:
    """Each query's difficulty, shape (Q,).

    Easy: the cheapest arm solves it. Hard: another arm does. Intractable: every arm was observed, and no upper bound
    is above ``hopeless``. Unknown: anything else, an arm that was never run on it included.

    Args:
        bounds: of the qualities.
        price: what a call may cost at most, shape (Q, A).
        thresholds: where the lines are.
    """
    solves = bounds.observed & (bounds.lower >= thresholds.solved)
    cheapest = price.argmin(axis=1)
    easy = solves[np.arange(len(solves)), cheapest]
    hopeless = (bounds.observed & (bounds.upper <= thresholds.hopeless)).all(axis=1)
    return np.select(
        [easy, solves.any(axis=1), hopeless],
        [Difficulty.EASY, Difficulty.HARD, Difficulty.INTRACTABLE],
        Difficulty.UNKNOWN,
    ).astype(object)


def shares_by_task(found: NDArray[np.object_], tasks: tuple[TaskType, ...]) -> dict[TaskType, dict[Difficulty, float]]:
    """The share of every difficulty in every task type."""
    by_task = {task: found[np.array([each == task for each in tasks])] for task in sorted(set(tasks))}
    return {task: {kind: float(np.mean(part == kind)) for kind in Difficulty} for task, part in by_task.items()}


def clone_targets(bounds: Bounds, price: Money, feasible: Truths, thresholds: Thresholds) -> Places:
    """What to clone on each query: the cheapest feasible arm whose lower bound is within delta of the best's; or -1.

    -1 where no feasible arm was observed. All arguments of shape (Q, A). Rows of a log that took a target are weighted
    by the inverse of their propensity.
    """
    open_ = feasible & bounds.observed
    lower = np.where(open_, bounds.lower, -np.inf)
    good = open_ & (lower >= lower.max(axis=1, keepdims=True) - thresholds.delta)
    target = np.where(good, price, _NEVER).argmin(axis=1)
    return np.where(good.any(axis=1), target, -1).astype(np.int64)
