"""How hard queries are, and what is worth being cloned."""

from __future__ import annotations

import numpy as np

from stigmergy.platform.learning.difficulty import (
    Bounds,
    Difficulty,
    Thresholds,
    clone_targets,
    difficulty,
    quality_bounds,
    shares_by_task,
)
from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.per_task import PerTask

PRICE = np.array([[1, 10, 100]] * 5)
THRESHOLDS = Thresholds()
LOWER = np.array([[0.6, 0.9, 0.9], [0.2, 0.3, 0.8], [0.0, 0.0, 0.0], [0.0, 0.0, 0.4], [0.0, 0.0, 0.0]])
UPPER = np.array([[0.8, 1.0, 1.0], [0.5, 0.6, 1.0], [0.2, 0.2, 0.2], [0.2, 0.2, 0.9], [0.2, 0.2, 0.2]])
OBSERVED = np.array([[True] * 3] * 4 + [[True, True, False]])
BOUNDS = Bounds(lower=LOWER, upper=UPPER, observed=OBSERVED)


def test_the_four_difficulties() -> None:
    found = difficulty(BOUNDS, PRICE, THRESHOLDS)
    assert found.tolist() == [
        Difficulty.EASY,
        Difficulty.HARD,
        Difficulty.INTRACTABLE,
        Difficulty.UNKNOWN,
        Difficulty.UNKNOWN,
    ]


def test_what_was_not_observed_is_unknown_and_never_intractable() -> None:
    nothing = Bounds(lower=0 * LOWER, upper=0 * UPPER, observed=np.zeros_like(OBSERVED))
    assert set(difficulty(nothing, PRICE, THRESHOLDS)) == {Difficulty.UNKNOWN}


def test_shares_of_a_task_add_up() -> None:
    shares = shares_by_task(difficulty(BOUNDS, PRICE, THRESHOLDS), ("a", "a", "b", "b", "b"))
    assert shares["a"][Difficulty.EASY] == 0.5
    assert all(abs(sum(each.values()) - 1.0) < 1e-9 for each in shares.values())


def test_the_cheapest_arm_within_delta_of_the_best_is_cloned() -> None:
    close = Bounds(lower=np.array([[0.1, 0.86, 0.9]]), upper=np.ones((1, 3)), observed=np.ones((1, 3), dtype=bool))
    everything = np.ones((1, 3), dtype=bool)
    assert clone_targets(close, PRICE[:1], everything, THRESHOLDS).tolist() == [1]
    assert clone_targets(close, PRICE[:1], np.array([[True, False, False]]), THRESHOLDS).tolist() == [0]
    assert clone_targets(close, PRICE[:1], ~everything, THRESHOLDS).tolist() == [-1]


def test_a_single_lucky_run_does_not_make_a_query_easy() -> None:
    rng = np.random.default_rng(0)
    count = 200
    quality = np.stack([rng.random(count) < 0.1, rng.random(count) < 0.9], axis=1).astype(np.float32)
    texts = tuple(f"question {n}" for n in range(count))
    queries = Queries(texts=texts, tasks=("t",) * count, views={})
    outcomes = Outcomes(arms=("small", "large"), quality=quality, cost=np.ones_like(quality))
    bounds = quality_bounds(queries, outcomes, np.ones((count, 2)), PerTask(), THRESHOLDS)
    found = difficulty(bounds, np.array([[1, 10]] * count), THRESHOLDS)
    assert (found == Difficulty.EASY).mean() < 0.02
    assert (found == Difficulty.HARD).mean() > 0.7


def test_two_runs_of_one_query_without_a_model_are_an_observation_and_one_run_is_none() -> None:
    queries = Queries(texts=("q",), tasks=("t",), views={})
    outcomes = Outcomes(arms=("a", "b"), quality=np.ones((1, 2), np.float32), cost=np.ones((1, 2), np.float32))
    bounds = quality_bounds(queries, outcomes, np.array([[1.0, 2.0]]), PerTask(), THRESHOLDS)
    assert bounds.observed.tolist() == [[False, True]]
