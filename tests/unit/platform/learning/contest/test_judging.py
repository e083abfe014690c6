"""Figures of contests, on results whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.platform.learning.contest.judging import (
    Resampled,
    Standing,
    against_best,
    dear_needed,
    dear_saved,
    intervals,
    pooled,
)

QUERIES = 50


def _standing(success: float, dear: float, cost: float = 1.0) -> Standing:
    solved = (np.arange(QUERIES) < success * QUERIES).astype(np.float64)[None]
    flat = np.ones((1, QUERIES))
    return Standing(success=solved, cost=cost * flat, dear=dear * flat, violations=[0])


RULES = {"small": _standing(0.4, 0.0), "large": _standing(0.8, 1.0)}


def test_a_learner_is_held_against_the_rule_that_solves_most() -> None:
    means, names = against_best(_standing(0.9, 0.5), RULES, Resampled(QUERIES, 50))
    assert names == ["large"]
    assert means[0, 0] == pytest.approx(0.1)


def test_dear_calls_at_the_same_success_are_those_of_a_mixture_of_rules() -> None:
    assert dear_needed(RULES, 0, 0.6) == pytest.approx(0.5)
    assert dear_needed(RULES, 0, 0.95) == pytest.approx(1.0)
    assert dear_saved(_standing(0.8, 0.7), RULES) == pytest.approx((0.7, 1.0))


def test_of_rules_that_solve_alike_the_one_with_fewer_dear_calls_is_the_best() -> None:
    more = {**RULES, "wasteful": _standing(0.8, 2.0)}
    assert against_best(_standing(0.9, 0.5), more, Resampled(QUERIES, 20))[1] == ["large"]


def test_data_sets_count_alike_in_the_pool() -> None:
    (found,) = pooled([np.full((1, 21), 0.2), np.full((1, 21), -0.1)])
    assert (found.mean, found.low) == pytest.approx((0.05, 0.05))


def test_an_interval_of_what_always_comes_out_alike_is_a_point() -> None:
    (found,) = intervals(Resampled(QUERIES, 20).means(np.ones((1, QUERIES))))
    assert (found.mean, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0))
