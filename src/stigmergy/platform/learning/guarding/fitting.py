"""The parts of a guard, fitted on texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.guard.neighbours import Neighbours
from stigmergy.routers.guard.terms import Floats, Hashes, Terms, Vocabulary

Tally = tuple[Hashes, Floats]


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts over a vocabulary as a sparse matrix by rows, shape (texts, terms)."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int64]
    weights: Floats
    terms: int

    def __len__(self) -> int:
        return len(self.starts) - 1


def fit_vocabulary(tallies: Sequence[Tally], least_texts: int) -> Vocabulary:
    """The terms of at least ``least_texts`` texts."""
    hashes, counts = np.unique(np.concatenate([found for found, _ in tallies]), return_counts=True)
    kept = counts >= least_texts
    rarity = np.log((1 + len(tallies)) / (1 + counts[kept])) + 1
    return Vocabulary(hashes[kept], rarity.astype(np.float32))


def rows_of(read: Sequence[Terms], terms: int) -> Rows:
    """The matrix of texts as they were read."""
    starts = np.cumsum([0, *(len(each.columns) for each in read)])
    columns = np.concatenate([each.columns for each in read])
    return Rows(starts, columns, np.concatenate([each.weights for each in read]), terms)


def fit_neighbours(rows: Rows, nearest: int, most_share: float) -> Neighbours:
    """The postings of known texts; a term of more than a share ``most_share`` of them has none.

    Such terms say little, and their postings would take most of the time.
    """
    common = np.bincount(rows.columns, minlength=rows.terms) > most_share * len(rows)
    texts = np.repeat(np.arange(len(rows)), np.diff(rows.starts))
    telling = np.flatnonzero(~common[rows.columns])
    order = telling[np.argsort(rows.columns[telling], kind="stable")]
    starts = np.searchsorted(rows.columns[order], np.arange(rows.terms + 1))
    return Neighbours(starts, texts[order].astype(np.int32), rows.weights[order], len(rows), nearest)
