"""The worth of asking one more agent, by backward induction over the sets of agents asked (METHODS M3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.evidence.batch import Codes, Flags, Floats


@dataclass(frozen=True, slots=True)
class Continuation:
    """What comes of being in a situation and going on by a policy: realised, per query and trade-off, shape (N, L)."""

    quality: Floats
    cost: Floats

    def net(self, prices: Floats) -> Floats:
        """Quality less the price of what was spent."""
        return self.quality - self.cost * prices


def stop_here(quality: Floats, trade_offs: int) -> Continuation:
    """The continuation of stopping, from the quality of the answer at hand, shape (N,)."""
    return Continuation(np.repeat(quality[:, None], trade_offs, axis=1), np.zeros((len(quality), trade_offs)))


def follow(stopped: Continuation, asked: dict[int, Continuation], chosen: Codes) -> Continuation:
    """The continuation of doing what was chosen.

    Args:
        stopped: of stopping.
        asked: of asking each agent that may be asked, by its place; its own cost is in it.
        chosen: place or -1, shape (N, L).
    """
    quality, cost = stopped.quality.copy(), stopped.cost.copy()
    for place, ahead in asked.items():
        taken = chosen == place
        quality[taken], cost[taken] = ahead.quality[taken], ahead.cost[taken]
    return Continuation(quality, cost)


def cross_fit(
    features: Floats, targets: Floats, rows: Flags, folds: NDArray[np.int8], penalty: float
) -> tuple[Floats, Floats]:
    """Ridge regression of several targets, and predictions by weights that have not seen the query.

    Args:
        features: shape (N, F), the first one constant and not penalised.
        targets: shape (N, L).
        rows: which queries to learn from, shape (N,).
        folds: number of each query's part, shape (N,).
        penalty: above 0.

    Returns:
        Weights from all of ``rows``, shape (F, L); out-of-fold predictions for every query, shape (N, L).
    """
    parts = [(folds == part, rows & (folds == part)) for part in np.unique(folds)]
    grams = [features[used].T @ features[used] for _, used in parts]
    sums = [features[used].T @ targets[used] for _, used in parts]
    ridge = penalty * np.eye(features.shape[1])
    ridge[0, 0] = 1e-6
    whole_gram, whole_sum = sum(grams) + ridge, np.sum(sums, axis=0)
    predicted = np.empty_like(targets)
    for (inside, _), gram, total in zip(parts, grams, sums, strict=True):
        predicted[inside] = features[inside] @ np.linalg.solve(whole_gram - gram, whole_sum - total)
    return np.linalg.solve(whole_gram, whole_sum), predicted
