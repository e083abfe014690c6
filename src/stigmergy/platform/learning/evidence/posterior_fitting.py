"""Fit the posterior over answers: penalised maximum likelihood by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.evidence.batch import Flags, Floats
from stigmergy.routers.evidence.posterior import Ballot

_STEPS: Final = 10
_SMALL: Final = 3e-3
"""A step below this in every weight changes no probability that matters."""


@dataclass(frozen=True, slots=True)
class Choices:
    """A ballot as the rows of one conditional logit.

    Attributes:
        features: shape (N, S + 1, D + E); support of each answer and, last, doubt.
        possible: shape (N, S + 1).
        right: shape (N, S + 1); shares that sum to 1.
    """

    features: NDArray[np.float32]
    possible: Flags
    right: NDArray[np.float32]

    def take(self, rows: Flags) -> Choices:
        """Some of the queries."""
        return Choices(self.features[rows], self.possible[rows], self.right[rows])


def lay_choices(ballot: Ballot, right: Flags) -> Choices:
    """From a ballot and which of its answers are right, shape (N, S)."""
    number, size, dimensions = ballot.support.shape
    features = np.zeros((number, size + 1, dimensions + ballot.doubt.shape[1]), dtype=np.float32)
    features[:, :size, :dimensions] = ballot.support * ballot.given[:, :, None]
    features[:, size, dimensions:] = ballot.doubt
    possible = np.concatenate((ballot.given, np.ones((number, 1), dtype=bool)), axis=1)
    hits = right & ballot.given
    shares = np.concatenate((hits, ~hits.any(axis=1, keepdims=True)), axis=1).astype(np.float32)
    return Choices(features, possible, shares / shares.sum(axis=1, keepdims=True))


def fit_posterior(choices: Choices, penalty: float, start: Floats | None = None) -> Floats:
    """Weights that maximise ``log likelihood - penalty / 2 |w|^2``; the optimum is unique.

    Args:
        choices: of the queries to learn from.
        penalty: above 0.
        start: weights to begin at, such as those of nearly the same queries; zeros if None.
    """
    number, options, dimensions = choices.features.shape
    rows = choices.features.reshape(-1, dimensions)
    weights = np.zeros(dimensions, dtype=np.float64) if start is None else start.copy()
    for _ in range(_STEPS):
        logits = np.where(choices.possible, (rows @ weights.astype(np.float32)).reshape(number, options), -np.inf)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances = powers / powers.sum(axis=1, keepdims=True)
        weighted = rows * chances.reshape(-1, 1)
        centre = weighted.reshape(number, options, dimensions).sum(axis=1)
        slope = rows.T @ (choices.right - chances).ravel() - penalty * weights
        curvature = (weighted.T @ rows - centre.T @ centre).astype(np.float64) + penalty * np.eye(dimensions)
        step = np.linalg.solve(curvature, slope)
        weights += step
        if np.abs(step).max() < _SMALL:
            break
    return weights
