"""Which queries are learnt from and which are tested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.estimators.folds import fold_numbers, inside_and_outside


@dataclass(frozen=True, slots=True)
class Split:
    """Rows to learn from, shape (L,), their inner folds, shape (L,), and rows to test, shape (T,)."""

    learning: NDArray[np.intp]
    inner_folds: NDArray[np.int8]
    test: NDArray[np.intp]


def seeded_splits(texts: Sequence[str], seed: int) -> Iterator[Split]:
    """One split for each of five folds, assigned by a hash of seed and text: every query is tested once."""
    for number, (inside, outside) in enumerate(inside_and_outside(fold_numbers(texts, f"seed {seed}"))):
        yield make_split(texts, inside, outside, f"seed {seed}, inside {number}")


def make_split(
    texts: Sequence[str], learning: NDArray[np.bool_], test: NDArray[np.bool_], salt: str = "given split"
) -> Split:
    """A split with inner folds by a hash of salt and text."""
    rows = np.flatnonzero(learning)
    return Split(rows, fold_numbers((texts[row] for row in rows.tolist()), salt), np.flatnonzero(test))
