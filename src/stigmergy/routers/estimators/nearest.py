"""Exact nearest neighbours: arms are worth what they were on the most similar queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.estimators.base import Estimator, Fitted, Matrix, Outcomes, Predictions, Queries
from stigmergy.routers.estimators.contrast import contrast_error
from stigmergy.routers.estimators.kin import Kin, KinList
from stigmergy.routers.estimators.means import ArmMeans
from stigmergy.routers.estimators.views import NGRAMS

Neighbours: TypeAlias = NDArray[np.intp]
Setting: TypeAlias = tuple[int, float]
"""How many neighbours, and how many outcomes the prior counts for."""

SIZES: Final = (5, 10, 20, 40, 80, 160)
STRENGTHS: Final = (2.0, 8.0, 32.0, 1e6)
"""The last one leaves the prior alone: neighbours that say nothing must not be listened to."""
_PROBES: Final = 800
"""Queries that settings are tried on; more would move the choice between neighbouring settings only."""
_BLOCK: Final = 128
_STRIP: Final = 16


@dataclass(frozen=True, slots=True)
class FittedNearest:
    """What was seen, and the settings found best on it."""

    view: str
    seen: Matrix
    outcomes: Outcomes
    prior: Fitted
    for_quality: Setting
    for_cost: Setting
    kin: Kin | None = None
    """Of the seen queries; never stored."""

    def predict(self, queries: Queries) -> Predictions:
        """See ``Fitted``."""
        count = max(self.for_quality[0], self.for_cost[0])
        near, likeness = _looked_up(queries, self.view, self.seen, self.kin, count)
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
        near, likeness = _looked_up(queries.take(probes), self._view, seen, queries.kin, SIZES[-1] + 1)
        likeness = _without_themselves(near, likeness, probes)
        expected, truth = prior.predict(queries.take(probes)), outcomes.take(probes)
        return FittedNearest(
            self._view,
            seen,
            outcomes,
            prior,
            _best_setting(near, likeness, outcomes.quality, expected.quality, truth.quality),
            _best_setting(near, likeness, outcomes.cost, expected.cost, truth.cost),
            queries.kin,
        )


def _looked_up(queries: Queries, view: str, seen: Matrix, kin: Kin | None, count: int) -> tuple[Neighbours, Matrix]:
    """As ``nearest``, from the lists of kin where they are there and long enough."""
    vectors = queries.view(view)
    if queries.kin is None or kin is None or count > min(len(seen), kin.longest(view)):
        return nearest(vectors, seen, count)
    near, likeness, found = queries.kin.among(kin, view, count)
    if not found.all():
        near[~found], likeness[~found] = nearest(vectors[~found], seen, count)
    return near, likeness


def find_kin(views: Mapping[str, Matrix], names: Sequence[str], share: float) -> Kin:
    """Lists of a log's own queries, in some of its views.

    Args:
        views: vectors of unit norm, shape (N, dimensions).
        names: the views.
        share: of the log that the least of its parts holds; lists are as long as that needs, and somewhat longer.
    """
    length = int(1.5 * (SIZES[-1] + 1) / share)
    queries = len(next(iter(views.values()))) if views else 0
    lists = {name: KinList(*nearest(views[name], views[name], length)) for name in names}
    return Kin(lists, np.arange(queries))


def nearest(vectors: Matrix, seen: Matrix, count: int) -> tuple[Neighbours, Matrix]:
    """The most similar seen rows, most similar first, and their cosines (none below 0); both (Q, min(count, seen))."""
    count = min(count, len(seen))
    # Block by block, so that the likenesses are still in the processor's cache when they are looked through.
    parts = [_nearest(vectors[start : start + _BLOCK], seen, count) for start in range(0, len(vectors), _BLOCK)]
    return np.concatenate([near for near, _ in parts]), np.concatenate([likeness for _, likeness in parts])


def _nearest(vectors: Matrix, seen: Matrix, count: int) -> tuple[Neighbours, Matrix]:
    likeness = vectors @ seen.T
    near = _strips_of_the_largest(likeness, count)
    likeness = np.take_along_axis(likeness, near, axis=1)
    if count < near.shape[1]:
        kept = np.argpartition(likeness, near.shape[1] - count, axis=1)[:, -count:]
        near, likeness = np.take_along_axis(near, kept, axis=1), np.take_along_axis(likeness, kept, axis=1)
    order = np.argsort(-likeness, axis=1, kind="stable")
    return np.take_along_axis(near, order, axis=1), np.maximum(np.take_along_axis(likeness, order, axis=1), 0.0)


def _strips_of_the_largest(likeness: Matrix, count: int) -> Neighbours:
    """Columns, among them the ``count`` largest of each row: no more than ``count`` strips can hold one of those."""
    width = likeness.shape[1] // _STRIP
    if width <= count:
        return np.tile(np.arange(likeness.shape[1]), (len(likeness), 1))
    even = likeness[:, : width * _STRIP].reshape(len(likeness), _STRIP, width)
    strips = np.argpartition(even.max(axis=1), width - count, axis=1)[:, -count:]
    near = (strips[:, None, :] + width * np.arange(_STRIP)[:, None]).reshape(len(likeness), -1)
    rest = np.tile(np.arange(width * _STRIP, likeness.shape[1]), (len(likeness), 1))
    return np.concatenate((near, rest), axis=1)


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
