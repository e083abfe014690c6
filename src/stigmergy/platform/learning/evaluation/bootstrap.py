"""Weightings of queries, and intervals over what was recomputed under each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.platform.learning.evaluation.hull import Floats
from stigmergy.platform.learning.evaluation.judging import Weights

SAMPLES: Final = 500
_LEVELS: Final = (2.5, 97.5)


def query_weights(queries: int, samples: int, seed: int) -> Weights:
    """How often each query counts: a row of ones, then ``samples`` rows as drawn with replacement; (1 + samples, Q)."""
    rng = np.random.default_rng(seed)
    drawn = np.stack([np.bincount(rng.integers(queries, size=queries), minlength=queries) for _ in range(samples)])
    return np.concatenate((np.ones((1, queries)), drawn)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and the middle 95 % of its bootstrap values."""

    mean: float
    low: float
    high: float


def interval(values: Floats) -> Interval | None:
    """From values of shape (1 + samples,), the first on the queries as they are; None where the figure has no value.

    Samples in which it has none are left out.
    """
    if not np.isfinite(values[0]):
        return None
    drawn = values[np.isfinite(values)]
    low, high = np.percentile(drawn[1:] if len(drawn) > 1 else drawn, _LEVELS)
    return Interval(float(values[0]), float(low), float(high))
