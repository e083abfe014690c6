"""What is believed of every arm at one moment: frozen, read without a lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
_FEW = 4
"""Up to one in so many arms, their rows are gathered first; else all are read, which moves less memory."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of each of n arms on one query: expected reward, its deviation for reward noise 1, and how often it was seen."""

    mean: Floats
    deviation: Floats
    seen: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """``mean = x theta_a`` and ``deviation = sqrt(x A_a^-1 x)`` of A arms, and of one never seen in the last row.

    Attributes:
        places: the row of every arm.
        theta: shape (A + 1, d).
        packed: the upper triangles of the inverses ``A_a^-1``, off-diagonal entries doubled, shape (A + 1, d (d+1)/2):
            with them every deviation comes of one product with the pairs of ``x``.
        seen: shape (A + 1,).
    """

    places: Mapping[str, int]
    theta: Singles
    packed: Singles
    seen: Floats

    def estimate(self, context: Floats, arms: Sequence[str]) -> Estimate:
        """The arms' estimates on a context of shape (d,); an arm that is not known is one never seen."""
        unseen = len(self.places)
        rows = np.array([self.places.get(arm, unseen) for arm in arms], dtype=np.intp)
        x = context.astype(np.float32)
        pairs = np.outer(x, x)[upper(len(x))]
        if len(rows) * _FEW <= unseen:
            mean, variance = self.theta[rows] @ x, self.packed[rows] @ pairs
        else:
            mean, variance = (self.theta @ x)[rows], (self.packed @ pairs)[rows]
        deviation = np.sqrt(np.maximum(variance, 0.0))
        return Estimate(mean.astype(np.float64), deviation.astype(np.float64), self.seen[rows])


def upper(dims: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The places of the upper triangle of a (dims, dims) matrix, row by row."""
    found = _UPPER.get(dims)
    if found is None:
        found = _UPPER[dims] = np.triu_indices(dims)
    return found


def pack(inverses: Floats) -> Singles:
    """See ``Beliefs.packed``; of one inverse, shape (d, d), or of several, (n, d, d)."""
    rows, columns = upper(inverses.shape[-1])
    return (inverses[..., rows, columns] * np.where(rows == columns, 1.0, 2.0)).astype(np.float32)


_UPPER: dict[int, tuple[NDArray[np.intp], NDArray[np.intp]]] = {}
