"""What an arm is worth on a task type, shrunk towards its mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stigmergy.domain import TaskType
from stigmergy.routers.estimators.base import Matrix, Outcomes, Predictions, Queries
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
    """``(sum of the arm's outcomes on the task + s x its mean) / (their number + s)``, s = ``strength`` >= 0.

    Sees the task type of a query, and nothing else of it.
    """

    def __init__(self, strength: float = 5.0) -> None:
        self._strength = strength

    def fit(self, queries: Queries, outcomes: Outcomes) -> FittedTasks:
        """See ``Estimator``."""
        names = sorted(set(queries.tasks))
        rows = {name: row for row, name in enumerate(names, start=1)}
        places = [rows[task] for task in queries.tasks]
        return FittedTasks(
            rows,
            self._shrunken(outcomes.quality, places, len(names) + 1),
            self._shrunken(outcomes.cost, places, len(names) + 1),
        )

    def _shrunken(self, values: Matrix, places: Sequence[int], count: int) -> Matrix:
        means, known = arm_means(values), ~np.isnan(values)
        sums, counts = np.zeros((2, count, values.shape[1]))
        np.add.at(sums, places, np.where(known, values, 0.0))
        np.add.at(counts, places, known)
        # The tiny share keeps a task on which an arm was never tried, without shrinkage, from dividing by nothing.
        strength = max(self._strength, 1e-9)
        return ((sums + strength * means) / (counts + strength)).astype(np.float32)
