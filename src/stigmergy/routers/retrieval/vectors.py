"""Exact nearest vectors by inner product, without reading most of them whole."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.retrieval.ranking import Slots, top
from stigmergy.routers.retrieval.tallies import Alive

Matrix: TypeAlias = NDArray[np.float32]
HEAD: Final = 64
"""Main axes that are looked at first."""
_GROWTH: Final = 1.25
_SAMPLE: Final = 8192
_WHOLE: Final = 0.25
"""Share of survivors from which on one product over everything is quicker than gathering them."""
_SLACK: Final = 1e-5
"""Rounding of float32 products of unit vectors; a bound must never be too low."""


class VectorIndex:
    """The slots whose vectors are nearest to a query's.

    Vectors are turned onto the main axes of those that it was built from, which changes no product, and cut in a head
    of 64 dimensions and a tail. By Cauchy and Schwarz ``x q <= head(x) head(q) + |tail(x)| |tail(q)|``, and the same
    with a minus is a lower bound; only slots whose upper bound reaches the k-th lower bound have their tails read. The
    result is exact.

    Args:
        vectors: unit vectors (or zeros), shape (cards, dimensions).
    """

    _count: int
    _heads: Matrix
    _tails: Matrix
    _lengths: Matrix

    def __init__(self, vectors: Matrix) -> None:
        self._turn: Final = _main_axes(vectors)
        self._hold(vectors @ self._turn)

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes that its arrays take."""
        return self._heads.nbytes + self._tails.nbytes + self._lengths.nbytes + self._turn.nbytes

    def add(self, vector: Matrix) -> None:
        """A new vector, in the next slot."""
        if self._count == len(self._heads):
            more = max(64, int(self._count * (_GROWTH - 1.0)))
            self._heads = np.concatenate((self._heads, np.zeros((more, self._heads.shape[1]), np.float32)))
            self._tails = np.concatenate((self._tails, np.zeros((more, self._tails.shape[1]), np.float32)))
            self._lengths = np.concatenate((self._lengths, np.zeros(more, np.float32)))
        turned = vector @ self._turn
        self._heads[self._count], self._tails[self._count] = turned[:HEAD], turned[HEAD:]
        self._lengths[self._count] = np.linalg.norm(turned[HEAD:])
        self._count += 1

    def compact(self, alive: Alive) -> None:
        """Only the slots that ``alive`` marks stay, and are numbered anew in the same order."""
        kept = np.flatnonzero(alive)
        self._heads, self._tails, self._lengths = self._heads[kept], self._tails[kept], self._lengths[kept]
        self._count = len(kept)

    def nearest(self, query: Matrix, k: int, among: Alive) -> Slots:
        """The ``k`` slots of ``among``, shape (slots,), with the highest product, best first."""
        turned = query @ self._turn
        products = self._heads[: self._count] @ turned[:HEAD]
        slack = self._lengths[: self._count] * np.float32(np.linalg.norm(turned[HEAD:])) + np.float32(_SLACK)
        lower = np.where(among, products - slack, -np.inf)
        if k < len(lower):
            least = np.partition(lower, len(lower) - k)[len(lower) - k]
            survivors = np.flatnonzero(among & (products + slack >= least))
        else:
            survivors = np.flatnonzero(among)
        if not len(survivors):
            return survivors
        exact = products[survivors] + self._tail_products(survivors, turned[HEAD:])
        return survivors[top(exact, k)]

    def products(self, query: Matrix, slots: Slots) -> Matrix:
        """The products of these slots with the query, shape (slots,)."""
        turned = query @ self._turn
        found = self._heads[slots] @ turned[:HEAD] + self._tails[slots] @ turned[HEAD:]
        return np.asarray(found, dtype=np.float32)

    def _tail_products(self, slots: Slots, tail: Matrix) -> Matrix:
        if len(slots) > _WHOLE * self._count:
            return np.asarray((self._tails[: self._count] @ tail)[slots], dtype=np.float32)
        return np.asarray(self._tails[slots] @ tail, dtype=np.float32)

    def _hold(self, turned: Matrix) -> None:
        self._count = len(turned)
        self._heads = np.ascontiguousarray(turned[:, :HEAD], dtype=np.float32)
        self._tails = np.ascontiguousarray(turned[:, HEAD:], dtype=np.float32)
        self._lengths = np.linalg.norm(self._tails, axis=1).astype(np.float32)


def _main_axes(vectors: Matrix) -> Matrix:
    """An orthogonal matrix, shape (dimensions, dimensions): the axes of most variation first."""
    sample = vectors[:: max(1, len(vectors) // _SAMPLE)]
    _, axes = np.linalg.eigh(sample.T @ sample)
    return np.ascontiguousarray(axes[:, ::-1], dtype=np.float32)
