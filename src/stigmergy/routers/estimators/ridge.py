"""Ridge regression of outcomes on vectors, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.routers.estimators.base import Estimator, Fitted, Matrix, Outcomes, Predictions, Queries
from stigmergy.routers.estimators.contrast import contrast_error
from stigmergy.routers.estimators.means import ArmMeans
from stigmergy.routers.estimators.views import NGRAMS

PENALTIES: Final = (*(float(penalty) for penalty in np.geomspace(0.1, 3000.0, 10)), 1e6)
"""The last one leaves the prior alone: vectors that say nothing must not be listened to."""


@dataclass(frozen=True, slots=True)
class FittedRidge:
    """``prior + (x - centre) W`` for quality and for cost; ``weights`` of shape (dimensions, 2 A)."""

    view: str
    prior: Fitted
    centre: Matrix
    weights: Matrix

    def predict(self, queries: Queries) -> Predictions:
        """See ``Fitted``."""
        prior = self.prior.predict(queries)
        shift = (queries.view(self.view) - self.centre) @ self.weights
        arms = prior.quality.shape[1]
        # A cost below a tenth of what is usual there is the line running out, not a cheap query.
        cost = np.maximum(prior.cost + shift[:, arms:], 0.1 * prior.cost)
        return Predictions(np.add(prior.quality, shift[:, :arms], dtype=np.float32), np.asarray(cost, dtype=np.float32))


class Ridge:
    """What the prior leaves over, regressed on a view: ``W = (X'X + p I)^-1 X' (Y - prior)``.

    The penalty p is chosen, apart for quality and cost, by leave-one-out errors in closed form,
    ``r_i / (1 - h_ii)`` with the residuals r and the hat matrix's diagonal h (Allen's PRESS), judged as contrast
    errors. Cells that were not run count as what the prior says.

    Args:
        view: which vectors.
        prior: by default every arm's mean.
    """

    def __init__(self, view: str = NGRAMS, prior: Estimator | None = None) -> None:
        self._view = view
        self._prior = prior or ArmMeans()

    def fit(self, queries: Queries, outcomes: Outcomes) -> FittedRidge:
        """See ``Estimator``."""
        prior = self._prior.fit(queries, outcomes)
        vectors, expected = queries.view(self._view), prior.predict(queries)
        centre = vectors.mean(axis=0)
        values, directions = np.linalg.eigh((vectors - centre).T @ (vectors - centre))
        solve = _Spectrum((vectors - centre) @ directions, np.maximum(values, 0.0), directions)
        parts = [
            solve.best_weights(np.nan_to_num(truth - believed))
            for truth, believed in ((outcomes.quality, expected.quality), (outcomes.cost, expected.cost))
        ]
        return FittedRidge(self._view, prior, centre, np.concatenate(parts, axis=1))


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """The vectors in the basis of eigenvectors of their scatter, in which every penalty is a division."""

    scores: Matrix
    values: Matrix
    directions: Matrix

    def best_weights(self, targets: Matrix) -> Matrix:
        """Weights, shape (dimensions, A), under the penalty of the least leave-one-out error."""
        products = self.scores.T @ targets
        squares = np.square(self.scores)
        errors = [self._left_out(targets, products, squares, penalty) for penalty in PENALTIES]
        penalty = PENALTIES[int(np.argmin(errors))]
        return np.asarray(self.directions @ (products / (self.values + penalty)[:, None]), dtype=np.float32)

    def _left_out(self, targets: Matrix, products: Matrix, squares: Matrix, penalty: float) -> float:
        shrink = 1.0 / (self.values + np.float32(penalty))
        residuals: Matrix = targets - self.scores @ (products * shrink[:, None])
        leverage = squares @ shrink + 1.0 / len(targets)
        left_out = np.asarray(residuals / np.maximum(1.0 - leverage, 0.05)[:, None], dtype=np.float32)
        return contrast_error(left_out, np.zeros_like(targets))
