"""Baselines that look at no query: one arm for all of them, or any."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from stigmergy.routers.estimators.base import Matrix, Outcomes, Predictions, Queries
from stigmergy.routers.estimators.means import FittedMeans, arm_means

Pick: TypeAlias = Callable[[Matrix, Matrix], int]
"""From mean quality and mean cost of the arms, both of shape (A,), to one of them."""


def cheapest(_: Matrix, cost: Matrix) -> int:
    """The arm of the least mean cost."""
    return int(cost.argmin())


def dearest(_: Matrix, cost: Matrix) -> int:
    """The arm of the greatest mean cost."""
    return int(cost.argmax())


def best(quality: Matrix, _: Matrix) -> int:
    """The arm of the best mean quality."""
    return int(quality.argmax())


class OneArm:
    """The same arm for every query and at every price: it is said to be worth 1 and the others 0, all for nothing."""

    def __init__(self, pick: Pick) -> None:
        self._pick = pick

    def fit(self, queries: Queries, outcomes: Outcomes) -> FittedMeans:  # noqa: ARG002 - the contract's signature
        """See ``Estimator``."""
        worth = np.zeros(len(outcomes.arms), dtype=np.float32)
        worth[self._pick(arm_means(outcomes.quality), arm_means(outcomes.cost))] = 1.0
        return FittedMeans(worth, np.zeros_like(worth))


@dataclass(frozen=True, slots=True)
class AnyArm:
    """An arm by a hash of the text: as good as chance, and the same in every run."""

    arms: int = 0

    def fit(self, queries: Queries, outcomes: Outcomes) -> AnyArm:  # noqa: ARG002 - the contract's signature
        """See ``Estimator``."""
        return AnyArm(len(outcomes.arms))

    def predict(self, queries: Queries) -> Predictions:
        """See ``Fitted``."""
        drawn = [zlib.crc32(text.encode()) % self.arms for text in queries.texts]
        worth = np.eye(self.arms, dtype=np.float32)[drawn]
        return Predictions(worth, np.zeros_like(worth))
