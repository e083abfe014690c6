"""What every route is expected to do on every query, by estimators that did not see that query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.routers.estimators.base import Matrix, Outcomes, Queries, Rows
from stigmergy.routers.estimators.catalog import entry
from stigmergy.routers.estimators.folds import fold_numbers, out_of_fold

NEAREST: Final = ("nearest", "nearest_task")
ALL: Final = (*NEAREST, "ridge", "ridge_task")
_REACH: Final = 2.0
"""Standard deviations of differences between routes that an observation tells apart."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Success of R routes on Q queries by name of the estimator, each of shape (Q, R)."""

    by_estimator: dict[str, Matrix]

    @property
    def mean(self) -> Matrix:
        """Of all estimators."""
        return np.asarray(np.mean(list(self.by_estimator.values()), axis=0), dtype=np.float32)

    def observed(self) -> Matrix:
        """What policies see of it, shape (Q, 2 R) in [-1, 1]: how much better than the query's other routes each is.

        By the first estimator and by the mean of all, in units of two standard deviations of such differences.
        """
        shown = []
        for found in (next(iter(self.by_estimator.values())), self.mean):
            apart = found - found.mean(axis=1, keepdims=True)
            shown.append(np.clip(apart / max(_REACH * float(apart.std()), 1e-6), -1.0, 1.0))
        return np.concatenate(shown, axis=1).astype(np.float32)


def expect(queries: Queries, outcomes: Outcomes, learning: Rows, names: Sequence[str] = ALL) -> Expected:
    """Fitted on the learning queries; what is said of one of these comes from a fit without its fold.

    Args:
        queries: all Q of them.
        outcomes: success as quality.
        learning: numbers of the queries that may be learnt from.
        names: of the catalog of estimators.
    """
    rows = np.asarray(learning)
    seen, known = queries.take(rows), outcomes.take(rows)
    others = np.setdiff1d(np.arange(len(queries)), rows)
    folds = fold_numbers(seen.texts, "contest")
    found = {}
    for name in names:
        estimator, made = entry(name).make(), np.empty_like(outcomes.quality)
        made[rows] = out_of_fold(estimator, seen, known, folds).quality
        if len(others):
            made[others] = estimator.fit(seen, known).predict(queries.take(others)).quality
        found[name] = made
    return Expected(found)
