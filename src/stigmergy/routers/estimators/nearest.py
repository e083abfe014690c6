"""Exact nearest neighbours: arms are worth what they were on the most similar queries."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.estimators.base import Estimator, Fitted, Matrix, Outcomes, Predictions, Queries
from stigmergy.routers.estimators.contrast import contrast_error
from stigmergy.routers.estimators.means import ArmMeans
from stigmergy.routers.estimators.views import NGRAMS

Neighbours: TypeAlias = NDArray[np.intp]
Setting: TypeAlias = tuple[int, float]
"""How many neighbours, and how many outcomes the prior counts for."""

SIZES: Final = (5, 10, 20, 40, 80, 160)
STRENGTHS: Final = (2.0, 8.0, 32.0)
_PROBES: Final = 800
"""Queries that settings are tried on; more would move the choice between neighbouring settings only."""


@dataclass(frozen=True, slots=True)
class FittedNearest:
    """What was seen, and the settings found best on it."""

    view: str
    seen: Matrix
    outcomes: Outcomes
    prior: Fitted
    for_quality: Setting
    for_cost: Setting

    def predict(self, queries: Queries) -> Predictions:
        """See ``Fitted``."""
        near, likeness = nearest(queries.view(self.view), self.seen, max(self.for_quality[0], self.for_cost[0]))
        prior = self.prior.predict(queries)
        return Predictions(
            blend(near, likeness, self.outcomes.quality, prior.quality, self.for_quality),
            blend(near, likeness, self.outcomes.cost, prior.cost, self.for_cost),
        )


class Nearest:
    """Weighted mean over the k most similar queries, shrunk towards a prior.

    ::

        (sum_n w_n y_n + s prior) / (sum_n w_n + s),    w_n = max(0, cosine of query and neighbour n)

    k and s are tuned, apart for quality and cost, by leaving each of up to 800 seen queries out (contrast error).

    Args:
        view: which vectors are compared; unit rows.
        prior: what is believed without neighbours: by default every arm's mean; per task where the task is known.
    """

    def __init__(self, view: str = NGRAMS, prior: Estimator | None = None) -> None:
        self._view = view
        self._prior = prior or ArmMeans()

    def fit(self, queries: Queries, outcomes: Outcomes) -> FittedNearest:
        """See ``Estimator``."""
        seen = queries.view(self._view)
        prior = self._prior.fit(queries, outcomes)
        probes = np.unique(np.linspace(0, len(seen) - 1, _PROBES).astype(int))
        near, likeness = nearest(seen[probes], seen, SIZES[-1] + 1)
        likeness = _without_themselves(near, likeness, probes)
        expected, truth = prior.predict(queries.take(probes)), outcomes.take(probes)
        return FittedNearest(
            self._view,
            seen,
            outcomes,
            prior,
            _best_setting(near, likeness, outcomes.quality, expected.quality, truth.quality),
            _best_setting(near, likeness, outcomes.cost, expected.cost, truth.cost),
        )


def nearest(vectors: Matrix, seen: Matrix, count: int) -> tuple[Neighbours, Matrix]:
    """The most similar seen rows, most similar first, and their cosines (none below 0); both (Q, min(count, seen))."""
    likeness = vectors @ seen.T
    count = min(count, len(seen))
    if count < len(seen):
        near = np.argpartition(likeness, len(seen) - count, axis=1)[:, -count:]
    else:
        near = np.tile(np.arange(len(seen)), (len(vectors), 1))
    likeness = np.take_along_axis(likeness, near, axis=1)
    order = np.argsort(-likeness, axis=1, kind="stable")
    return np.take_along_axis(near, order, axis=1), np.maximum(np.take_along_axis(likeness, order, axis=1), 0.0)


def blend(near: Neighbours, likeness: Matrix, values: Matrix, prior: Matrix, setting: Setting) -> Matrix:
    """The shrunken mean of ``Nearest``, shape (Q, A); NaN among the values counts as not seen."""
    count, strength = setting
    taken = values[near[:, :count]]
    weight = likeness[:, :count, None] * ~np.isnan(taken)
    sums = (weight * np.nan_to_num(taken)).sum(axis=1)
    return np.asarray((sums + strength * prior) / (weight.sum(axis=1) + strength), dtype=np.float32)


def _without_themselves(near: Neighbours, likeness: Matrix, rows: Neighbours) -> Matrix:
    """A query must not be its own neighbour while settings are tried: its likeness to itself becomes none."""
    return np.where(near == rows[:, None], np.float32(0.0), likeness)


def _best_setting(near: Neighbours, likeness: Matrix, values: Matrix, prior: Matrix, truth: Matrix) -> Setting:
    """The setting of the least contrast error; sums over more neighbours go on from those over fewer."""
    sums, weights = np.zeros((2, *truth.shape), dtype=np.float32)
    errors: dict[Setting, float] = {}
    for start, end in pairwise((0, *SIZES)):
        taken = values[near[:, start:end]]
        weight = likeness[:, start:end, None] * ~np.isnan(taken)
        sums += (weight * np.nan_to_num(taken)).sum(axis=1)
        weights += weight.sum(axis=1)
        for strength in STRENGTHS:
            errors[end, strength] = contrast_error((sums + strength * prior) / (weights + strength), truth)
    return min(errors, key=errors.__getitem__)
