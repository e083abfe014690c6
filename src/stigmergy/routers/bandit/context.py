"""What a linear model sees of a query: a few numbers."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.base import QueryFeatures

Floats = NDArray[np.float64]
_SEED: Final = 20_100_419
"""Of every projection: statistics of two processes can only be added if their contexts mean the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextShape:
    """Query features to ``(1, R v, w, c)``: a constant, the projected vector, hashed task types, and complexity.

    R is the sparse random projection of Achlioptas (2003): ``text_dims`` rows whose entries are ``sqrt(3 / text_dims)``
    times +1, 0, -1 with chances 1/6, 2/3, 1/6, which keeps distances in expectation. A task type adds its weight in the
    mixture to one of ``type_dims`` places, by a hash of its name; types may share a place.
    """

    text_dims: int = 16
    type_dims: int = 16

    @property
    def dims(self) -> int:
        """The length of a context."""
        return self.text_dims + self.type_dims + 2

    def read(self, query: QueryFeatures) -> Floats:
        """The context of a query, of shape (dims,)."""
        found = np.zeros(self.dims)
        found[0], found[-1] = 1.0, query.complexity
        if self.text_dims:
            found[1 : 1 + self.text_dims] = _projection(self.text_dims, len(query.vector)) @ query.vector
        if self.type_dims:
            for task_type, weight in query.mixture.items():
                found[1 + self.text_dims + zlib.crc32(task_type.encode()) % self.type_dims] += weight
        return found


@lru_cache(maxsize=16)
def _projection(rows: int, columns: int) -> NDArray[np.float32]:
    rng = np.random.default_rng((_SEED, rows, columns))
    signs: NDArray[np.float64] = rng.choice((1.0, 0.0, -1.0), size=(rows, columns), p=(1 / 6, 2 / 3, 1 / 6))
    return np.asarray(signs * np.sqrt(3.0 / rows), dtype=np.float32)
