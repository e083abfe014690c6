"""What is known of an arm without looking at the query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stigmergy.routers.estimators.base import Matrix, Outcomes, Predictions, Queries


def arm_means(values: Matrix) -> Matrix:
    """The mean of every column of a (Q, A) matrix without its NaN, shape (A,).

    A column of NaN alone has the mean of all others: nothing is known of that arm.
    """
    known = ~np.isnan(values)
    sums = np.where(known, values, 0.0).sum(axis=0, dtype=np.float64)
    counts = known.sum(axis=0)
    overall = sums.sum() / max(counts.sum(), 1)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), overall), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class FittedMeans:
    """The same prediction for every query: ``quality`` and ``cost`` of shape (A,)."""

    quality: Matrix
    cost: Matrix

    def predict(self, queries: Queries) -> Predictions:
        """See ``Fitted``."""
        count = (len(queries), 1)
        return Predictions(np.tile(self.quality, count), np.tile(self.cost, count))


class ArmMeans:
    """Every arm is worth its mean: what is left of a router whose features say nothing."""

    def fit(self, queries: Queries, outcomes: Outcomes) -> FittedMeans:  # noqa: ARG002 - the contract's signature
        """See ``Estimator``."""
        return FittedMeans(arm_means(outcomes.quality), arm_means(outcomes.cost))
