"""Nearest vectors by inner product, over rows that come and go."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.retrieval.ranking import Slots, top
from stigmergy.routers.retrieval.tallies import Alive

Matrix: TypeAlias = NDArray[np.float32]
SCANNED: Final = 128
"""Dimensions that are looked at in every vector: reading memory is what the scan costs."""
_REFINED: Final = 10
"""Slots that are looked at whole, for each that is wanted."""
_SAMPLE: Final = 8192
_GROWTH: Final = 0.25


class VectorIndex:
    """The slots whose vectors are nearest to a query's.

    Vectors of up to 128 dimensions are all multiplied with the query's: the result is exact. Longer ones are turned
    onto the main axes of those that the index was built from, which changes no product; all are compared on the first
    128 axes, and the ten times ``k`` best of that as a whole, so that one may be missed that lies far off these axes.

    Args:
        vectors: unit vectors (or zeros), shape (cards, dimensions).
    """

    def __init__(self, vectors: Matrix) -> None:
        self._axes: Final = _main_axes(vectors)
        turned = self._turned(vectors)
        self._heads = np.ascontiguousarray(turned[:, :SCANNED])
        self._tails = np.ascontiguousarray(turned[:, SCANNED:])
        self._count = len(vectors)

    def __len__(self) -> int:
        """How many slots there are, those of removed vectors included."""
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes that its arrays take."""
        return self._heads.nbytes + self._tails.nbytes + (0 if self._axes is None else self._axes.nbytes)

    def add(self, vector: Matrix) -> None:
        """A new vector, in the next slot."""
        if self._count == len(self._heads):
            more = max(64, round(self._count * _GROWTH))
            self._heads, self._tails = _with_room(self._heads, more), _with_room(self._tails, more)
        turned = self._turned(vector)
        self._heads[self._count], self._tails[self._count] = turned[:SCANNED], turned[SCANNED:]
        self._count += 1

    def compact(self, alive: Alive) -> None:
        """Only the slots that ``alive`` marks stay, and are numbered anew in the same order."""
        kept = np.flatnonzero(alive)
        self._heads, self._tails, self._count = self._heads[kept], self._tails[kept], len(kept)

    def nearest(self, query: Matrix, k: int, among: Alive) -> Slots:
        """The ``k`` slots of ``among``, shape (slots,), with the highest product, best first."""
        turned = self._turned(query)
        scanned = np.where(among, self._heads[: self._count] @ turned[:SCANNED], -np.inf)
        if self._axes is None:
            return top(scanned, k)
        promising = np.sort(top(scanned, _REFINED * k))
        return promising[top(scanned[promising] + self._tails[promising] @ turned[SCANNED:], k)]

    def products(self, query: Matrix, slots: Slots) -> Matrix:
        """The products of these slots with the query, shape (slots,)."""
        turned = self._turned(query)
        found = self._heads[slots] @ turned[:SCANNED] + self._tails[slots] @ turned[SCANNED:]
        return np.asarray(found, dtype=np.float32)

    def _turned(self, vectors: Matrix) -> Matrix:
        return vectors if self._axes is None else np.asarray(vectors @ self._axes, dtype=np.float32)


def _main_axes(vectors: Matrix) -> Matrix | None:
    """An orthogonal matrix, the axes of most variation first; None where no axis is ever left out."""
    if vectors.shape[1] <= SCANNED:
        return None
    sample = vectors[:: max(1, len(vectors) // _SAMPLE)]
    _, axes = np.linalg.eigh(sample.T @ sample)
    return np.ascontiguousarray(axes[:, ::-1], dtype=np.float32)


def _with_room(rows: Matrix, more: int) -> Matrix:
    return np.concatenate((rows, np.zeros((more, rows.shape[1]), np.float32)))
