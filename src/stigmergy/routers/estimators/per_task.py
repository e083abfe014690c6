"""What an arm is worth on a task type, shrunk towards its mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stigmergy.domain import TaskType
from stigmergy.routers.estimators.base import Matrix, Outcomes, Predictions, Queries
from stigmergy.routers.estimators.contrast import contrast_error
from stigmergy.routers.estimators.kin import Rows
from stigmergy.routers.estimators.means import arm_means


@dataclass(frozen=True, slots=True)
class FittedTasks:
    """Means per task; the first row of ``quality`` and ``cost``, shape (1 + tasks, A), is for tasks never seen."""

    rows: Mapping[TaskType, int]
    quality: Matrix
    cost: Matrix

    def predict(self, queries: Queries) -> Predictions:
        """See ``Fitted``."""
        rows = [self.rows.get(task, 0) for task in queries.tasks]
        return Predictions(self.quality[rows], self.cost[rows])


class PerTask:
    """``(sum of the arm's outcomes on the task + s x its mean) / (their number + s)``.

    Sees the task type of a query, and nothing else of it.

    Args:
        strengths: one s >= 0 or several; of several, the one of the least contrast error where each outcome is left
            out of its own task's mean counts, apart for quality and cost.
    """

    def __init__(self, strengths: Sequence[float] = (5.0,)) -> None:
        self._strengths = strengths

    def fit(self, queries: Queries, outcomes: Outcomes) -> FittedTasks:
        """See ``Estimator``."""
        names = sorted(set(queries.tasks))
        rows = {name: row for row, name in enumerate(names, start=1)}
        places = np.array([rows[task] for task in queries.tasks])
        return FittedTasks(
            rows,
            self._best(_Sums.of(outcomes.quality, places, len(names) + 1)),
            self._best(_Sums.of(outcomes.cost, places, len(names) + 1)),
        )

    def _best(self, sums: _Sums) -> Matrix:
        if len(self._strengths) == 1:
            return sums.shrunken(self._strengths[0])
        return sums.shrunken(min(self._strengths, key=sums.left_out_error))


@dataclass(frozen=True, slots=True)
class _Sums:
    """Values of shape (Q, A), NaN where not run, with the task of every query and sums per task."""

    values: Matrix
    places: Rows
    sums: Matrix
    counts: Matrix

    @classmethod
    def of(cls, values: Matrix, places: Rows, count: int) -> _Sums:
        """Add up."""
        known = ~np.isnan(values)
        sums, counts = np.zeros((2, count, values.shape[1]), dtype=np.float32)
        np.add.at(sums, places, np.where(known, values, 0.0))
        np.add.at(counts, places, known)
        return cls(values, places, sums, counts)

    def shrunken(self, strength: float) -> Matrix:
        """Means per task, shape (tasks, A)."""
        return _shrunken(self.sums, self.counts, arm_means(self.values), strength)

    def left_out_error(self, strength: float) -> float:
        """Contrast error of the means when each outcome is left out of its task's."""
        known = ~np.isnan(self.values)
        sums = self.sums[self.places] - np.where(known, self.values, 0.0)
        counts = self.counts[self.places] - known
        return contrast_error(_shrunken(sums, counts, arm_means(self.values), strength), self.values)


def _shrunken(sums: Matrix, counts: Matrix, means: Matrix, strength: float) -> Matrix:
    # The tiny share keeps a task on which an arm was never tried, without shrinkage, from dividing by nothing.
    strength = max(strength, 1e-9)
    return np.asarray((sums + strength * means) / (counts + strength), dtype=np.float32)
