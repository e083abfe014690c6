"""What every route is expected to do on every query, by estimators that did not see that query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.estimators.base import Matrix, Outcomes, Queries
from stigmergy.routers.estimators.catalog import entry
from stigmergy.routers.estimators.folds import fold_numbers, out_of_fold

NEAREST: Final = ("nearest", "nearest_task")
"""What the rule of nearest neighbours chooses from."""
FORESEEN: Final = "ensemble"
"""What learned policies see: one estimator, so that one artifact can carry it."""
ALL: Final = (*NEAREST, FORESEEN)


@dataclass(frozen=True, slots=True)
class Expected:
    """Success of R routes on Q queries by name of the estimator, each of shape (Q, R)."""

    by_estimator: dict[str, Matrix]

    @property
    def foreseen(self) -> Matrix:
        """What learned policies see of it."""
        return self.by_estimator[FORESEEN]


def expect(queries: Queries, outcomes: Outcomes, learning: NDArray[np.intp], names: Sequence[str] = ALL) -> Expected:
    """Fitted on the learning queries; what is said of one of these comes from a fit without its fold.

    Args:
        queries: all Q of them.
        outcomes: success as quality.
        learning: numbers of the queries that may be learnt from.
        names: of the catalog of estimators.
    """
    rows = learning
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
