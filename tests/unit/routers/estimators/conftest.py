"""A made world: two kinds of query, and arms that are good at one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.views import NGRAMS, SUBSTANCE


@dataclass(frozen=True)
class World:
    """Queries on two sides of a space of eight dimensions; arm ``left`` solves one side, ``right`` the other."""

    queries: Queries
    outcomes: Outcomes
    on_the_left: np.ndarray


def _world(count: int = 200, seed: int = 0, known: float = 1.0) -> World:
    rng = np.random.default_rng(seed)
    left = rng.random(count) < 0.5
    vectors = rng.normal(0, 0.3, (count, 8)).astype(np.float32)
    vectors[:, 0] += np.where(left, 1.0, -1.0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    solved = np.stack((left, ~left, rng.random(count) < 0.5), axis=1)
    quality = np.where(rng.random(solved.shape) < known, solved, np.nan).astype(np.float32)
    cost = np.tile(np.array([0.001, 0.002, 0.004], dtype=np.float32), (count, 1))
    cost[:, 1] += np.where(left, 0.0, 0.002)
    return World(
        Queries(
            texts=tuple(f"query {number}" for number in range(count)),
            tasks=tuple(np.where(left, "left", "right").tolist()),
            views={NGRAMS: vectors, SUBSTANCE: vectors},
        ),
        Outcomes(arms=("left", "right", "chance"), quality=quality, cost=np.where(np.isnan(quality), np.nan, cost)),
        left,
    )


@pytest.fixture
def world() -> Callable[..., World]:
    """``world(count=200, seed=0, known=1.0)``: ``known`` is the share of cells that were run."""
    return _world
