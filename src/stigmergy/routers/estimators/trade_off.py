"""From predictions to choices: one policy for every price of money."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.estimators.base import Matrix, Predictions

POLICIES: Final = 101
"""How many policies a sweep has: the most that replay evaluation allows (METHODS M2)."""
_LEAST_GAIN: Final = 1e-3
"""A smaller difference of quality than this decides nothing."""


def prices_of_money(mean_cost: Matrix) -> NDArray[np.float64]:
    """``POLICIES`` values of lambda in quality per USD, ascending: 0, then log-spaced.

    The span goes from where the dearest arm's whole mean cost weighs ``_LEAST_GAIN`` of quality to where the cheapest
    arm's weighs ten times the whole scale of quality; it moves with the prices: ``prices x 1000`` changes no choice.

    Args:
        mean_cost: of every arm in USD, shape (A,). Where all arms are free every lambda is 0.
    """
    paid = mean_cost[mean_cost > 0.0].astype(np.float64)
    if not paid.size:
        return np.zeros(POLICIES)
    return np.concatenate(([0.0], np.geomspace(_LEAST_GAIN / paid.max(), 10.0 / paid.min(), POLICIES - 1)))


def choices(predictions: Predictions, prices: NDArray[np.float64]) -> NDArray[np.int16]:
    """The arm that each policy takes: ``argmax_a quality - lambda cost``, the first of equals; shape (Q, policies)."""
    chosen = np.empty((len(predictions.quality), len(prices)), dtype=np.int16)
    for policy, price in enumerate(prices):
        chosen[:, policy] = (predictions.quality - price * predictions.cost).argmax(axis=1)
    return chosen
