"""One profile per arm: where among queries it does better than its mean. Arms come and go without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from stigmergy.routers.estimators.base import Matrix, Outcomes, Predictions, Queries
from stigmergy.routers.estimators.means import arm_means
from stigmergy.routers.estimators.views import NGRAMS

_LEAST_COST: Final = 0.1
"""A cost is not predicted below this share of the arm's mean."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """Means, shape (A,), and profiles, shape (A, dimensions): ``mean_q (y_qa - mean_a)(x_q - centre)``."""

    means: Matrix
    directions: Matrix

    def lean(self, vectors: Matrix) -> Matrix:
        """How far queries, given as vectors less the centre, lean to what each arm is good at, shape (Q, A)."""
        return vectors @ self.directions.T


@dataclass(frozen=True, slots=True)
class FittedCentroid:
    """``mean_a + slope (x - centre) . profile_a``; the slopes are shared by all arms."""

    view: str
    arms: tuple[str, ...]
    centre: Matrix
    quality: Profiles
    cost: Profiles
    slopes: tuple[float, float]

    def predict(self, queries: Queries) -> Predictions:
        """See ``Fitted``."""
        vectors = queries.view(self.view) - self.centre
        quality = self.quality.means + self.slopes[0] * self.quality.lean(vectors)
        cost = self.cost.means + self.slopes[1] * self.cost.lean(vectors)
        return Predictions(quality.astype(np.float32), np.maximum(cost, _LEAST_COST * self.cost.means))

    def with_arms(self, queries: Queries, outcomes: Outcomes) -> FittedCentroid:
        """More arms, each from its own outcomes on queries of its own; nothing is trained, the others do not change."""
        vectors = queries.view(self.view) - self.centre
        return replace(
            self,
            arms=self.arms + outcomes.arms,
            quality=_joined(self.quality, _profiles(vectors, outcomes.quality)),
            cost=_joined(self.cost, _profiles(vectors, outcomes.cost)),
        )

    def without_arms(self, names: Sequence[str]) -> FittedCentroid:
        """Fewer arms; the others do not change."""
        kept = [place for place, arm in enumerate(self.arms) if arm not in names]
        quality, cost = (Profiles(each.means[kept], each.directions[kept]) for each in (self.quality, self.cost))
        return replace(self, arms=tuple(self.arms[place] for place in kept), quality=quality, cost=cost)


class Centroid:
    """Fits a profile per arm and one slope for all of them.

    The slope is that of least squares through leave-one-out leanings: what a query added to a profile is taken out
    again before it is measured by it, so that a slope of chance comes out near 0. Slopes below 0 count as 0.

    Args:
        view: which vectors.
    """

    def __init__(self, view: str = NGRAMS) -> None:
        self._view = view

    def fit(self, queries: Queries, outcomes: Outcomes) -> FittedCentroid:
        """See ``Estimator``."""
        centre = queries.view(self._view).mean(axis=0)
        vectors = queries.view(self._view) - centre
        quality, cost = _profiles(vectors, outcomes.quality), _profiles(vectors, outcomes.cost)
        slopes = (_slope(vectors, outcomes.quality, quality), _slope(vectors, outcomes.cost, cost))
        return FittedCentroid(self._view, outcomes.arms, centre, quality, cost, slopes)


def _profiles(vectors: Matrix, values: Matrix) -> Profiles:
    means = arm_means(values)
    surplus = np.nan_to_num(values - means)
    counts = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    return Profiles(means, np.asarray((surplus.T @ vectors) / counts[:, None], dtype=np.float32))


def _joined(one: Profiles, other: Profiles) -> Profiles:
    return Profiles(np.concatenate((one.means, other.means)), np.concatenate((one.directions, other.directions)))


def _slope(vectors: Matrix, values: Matrix, profiles: Profiles) -> float:
    known = ~np.isnan(values)
    surplus = np.nan_to_num(values - profiles.means)
    counts = known.sum(axis=0)
    own = surplus * np.square(vectors).sum(axis=1, keepdims=True)
    lean = np.where(known, (counts * profiles.lean(vectors) - own) / np.maximum(counts - 1, 1), 0.0)
    # Only differences between arms decide, so that the level common to all arms of a query is taken out of both sides.
    lean, surplus = (np.where(known, each - each.mean(axis=1, keepdims=True), 0.0) for each in (lean, surplus))
    spread = float(np.square(lean, dtype=np.float64).sum())
    return max(0.0, float((lean * surplus).sum(dtype=np.float64)) / spread) if spread > 0.0 else 0.0
