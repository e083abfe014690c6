"""Which fold a query belongs to: decided by its text alone, so that a text never stands on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.estimators.base import Estimator, Outcomes, Predictions, Queries

FOLDS: Final = 5


def fold_numbers(texts: Iterable[str], salt: str, folds: int = FOLDS) -> NDArray[np.int8]:
    """The fold of every text, 0 to ``folds - 1``: sha256 of the salt and the text without case and spacing."""
    return np.fromiter((_hash(text, salt) % folds for text in texts), dtype=np.int8)


def _hash(text: str, salt: str) -> int:
    plain = " ".join(text.lower().split())
    return int.from_bytes(hashlib.sha256(f"{salt}\n{plain}".encode()).digest()[:8])


def inside_and_outside(folds: NDArray[np.int8]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """For every fold that leaves something to learn from: (rows to learn from, rows held out)."""
    for fold in np.unique(folds):
        held_out = folds == fold
        if not held_out.all():
            yield ~held_out, held_out


def out_of_fold(estimator: Estimator, queries: Queries, outcomes: Outcomes, folds: NDArray[np.int8]) -> Predictions:
    """Predictions for every query by an estimator that was fitted without its fold.

    Where all queries are of one fold, as with a single query, it has to be fitted on them all.
    """
    if len(np.unique(folds)) == 1:
        return estimator.fit(queries, outcomes).predict(queries)
    quality, cost = np.empty_like(outcomes.quality), np.empty_like(outcomes.cost)
    for inside, outside in inside_and_outside(folds):
        found = estimator.fit(queries.take(inside), outcomes.take(inside)).predict(queries.take(outside))
        quality[outside], cost[outside] = found.quality, found.cost
    return Predictions(quality, cost)
