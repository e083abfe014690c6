"""From what is believed of the arms to scores: how much to try what is not known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.bandit.beliefs import Estimate

Floats = NDArray[np.float64]
_POOL: Final = 1 << 16
_SEED: Final = 20_130_616


class ExplorationRule(Protocol):
    """Scores arms by their estimates."""

    def scores(self, found: Estimate, salt: int) -> Floats:
        """One finite score per arm, the same for the same estimates and ``salt`` >= 0."""
        ...


@dataclass(frozen=True, slots=True)
class UpperConfidence:
    """LinUCB with disjoint models (Li, Chu, Langford and Schapire, 2010): ``mean + alpha x deviation``."""

    alpha: float

    def scores(self, found: Estimate, _salt: int, /) -> Floats:
        """See ``ExplorationRule``; on the scale of rewards."""
        return found.mean + self.alpha * found.deviation


@dataclass(frozen=True, slots=True)
class ThompsonSampling:
    """Linear Thompson sampling (Agrawal and Goyal, 2013): the chance that an arm's reward is the greatest.

    ``theta_a ~ N(theta_a, scale^2 A_a^-1)`` independently per arm, so that its expected reward on a query is
    ``N(mean_a, (scale x deviation_a)^2)``. An arm that wins k of ``draws`` draws among n arms scores
    ``(k + 1 / n) / (draws + 1)``. The scores sum to 1, and choosing in proportion to them *is* the sampling: the
    logged propensity is exactly the chance that the hop was chosen with, and never 0. The draws are fixed numbers
    picked by the salt, so that the same state scores the same.
    """

    scale: float
    draws: int = 128

    def scores(self, found: Estimate, salt: int) -> Floats:
        """See ``ExplorationRule``; probabilities."""
        arms = len(found.mean)
        drawn = _normals(self.draws * arms, salt).reshape(self.draws, arms)
        values = drawn * (self.scale * found.deviation).astype(np.float32) + found.mean.astype(np.float32)
        wins = np.bincount(values.argmax(axis=1), minlength=arms)
        return np.asarray((wins + 1.0 / arms) / (self.draws + 1.0), dtype=np.float64)


def _normals(count: int, salt: int) -> NDArray[np.float32]:
    """Standard normal numbers from a fixed pool, from a place that the salt picks; beyond its size they repeat."""
    pool = _pool()
    if count > _POOL:
        return np.resize(np.roll(pool, -(salt % _POOL)), count)
    begin = salt % (_POOL - count + 1)
    return pool[begin : begin + count]


@cache
def _pool() -> NDArray[np.float32]:
    return np.random.default_rng(_SEED).standard_normal(_POOL, dtype=np.float32)
