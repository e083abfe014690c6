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

    @property
    def looked_at(self) -> tuple[Matrix, Matrix]:
        """What observations are made of: the first estimator, and the mean of all."""
        return next(iter(self.by_estimator.values())), self.mean

    def observed(self) -> Matrix:
        """What policies see of it, shape (Q, 2 R) in [-1, 1]: how much better than the query's other routes each is.

        By the first estimator and by the mean of all, in units of two standard deviations of such differences.
        """
        shown = []
        for found in self.looked_at:
            apart = found - found.mean(axis=1, keepdims=True)
            shown.append(np.clip(apart / max(_REACH * float(apart.std()), 1e-6), -1.0, 1.0))
        return np.concatenate(shown, axis=1).astype(np.float32)


def observed_by_node(expected: Expected, hops: NDArray[np.int64], payable: Sequence[NDArray[np.bool_]]) -> Matrix:
    """What policies see of routes of several hops, shape (Q, 2 levels nodes) in [-1, 0].

    For every budget level and node: how far the best route that the level pays, and that leads through the node, is
    expected to be from the best one that it pays; -1 where there is none.

    Args:
        expected: success of R routes.
        hops: their nodes by number, -1 behind the end, shape (R, H).
        payable: by level, which routes the budget pays at worst, shape (Q, R) each.
    """
    nodes = [np.flatnonzero((hops == node).any(axis=1)) for node in range(int(hops.max()) + 1)]
    shown = []
    for found in expected.looked_at:
        for paid in payable:
            open_ = np.where(paid, found, -1.0)
            best = open_.max(axis=1)
            through = [open_[:, routes].max(axis=1) if len(routes) else open_.min(axis=1) for routes in nodes]
            shown += [np.clip(each - best, -1.0, 0.0) for each in through]
    return np.stack(shown, axis=1).astype(np.float32)


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
