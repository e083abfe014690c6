"""Sums, inverses and beliefs of arms."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.routers.bandit.beliefs import pack, upper
from stigmergy.routers.bandit.learner import LearningRules, LinearLearner
from stigmergy.routers.bandit.statistics import Statistics, merge, sums_of

DIMS = 3
FLAT = LearningRules(ridge=1.0, prior="zero")
CONTEXTS = st.lists(st.integers(-3, 3), min_size=DIMS, max_size=DIMS)
SEEN = st.lists(st.tuples(st.sampled_from("abc"), CONTEXTS, st.integers(0, 4)), max_size=8)


def statistics(seen: list[tuple[str, list[int], int]]) -> Statistics:
    return merge({arm: sums_of(np.array([x], dtype=np.float64), np.array([r], dtype=np.float64))} for arm, x, r in seen)


def same(one: Statistics, other: Statistics) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[arm].moments, other[arm].moments)
        and np.array_equal(one[arm].rewarded, other[arm].rewarded)
        and one[arm].seen == other[arm].seen
        for arm in one
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(SEEN, min_size=2, max_size=3))
def test_the_order_in_which_processes_are_merged_does_not_matter(parts: list[list[tuple[str, list[int], int]]]) -> None:
    every = [statistics(part) for part in parts]
    assert all(same(merge(order), merge(every)) for order in permutations(every))


@settings(max_examples=40, deadline=None)
@given(SEEN)
def test_outcomes_one_by_one_and_their_sums_lead_to_the_same_beliefs(seen: list[tuple[str, list[int], int]]) -> None:
    learner = LinearLearner(DIMS, FLAT)
    for arm, context, reward in seen:
        learner.observe(arm, np.array(context, dtype=np.float64), float(reward))
    at_once = LinearLearner(DIMS, FLAT, statistics(seen))
    x, arms = np.array([1.0, -2.0, 0.5]), ["a", "b", "c"]
    one, other = (each.beliefs.estimate(x, arms) for each in (learner, at_once))
    assert one.mean == pytest.approx(other.mean, abs=1e-4)
    assert one.deviation == pytest.approx(other.deviation, abs=1e-4)
    assert one.seen.tolist() == other.seen.tolist()


def test_means_and_deviations_are_those_of_ridge_regression() -> None:
    rng = np.random.default_rng(0)
    contexts, rewards = rng.standard_normal((20, DIMS)), rng.standard_normal(20)
    learner = LinearLearner(DIMS, LearningRules(ridge=2.0, prior="zero"))
    for context, reward in zip(contexts, rewards, strict=True):
        learner.observe("a", context, reward)
    inverse = np.linalg.inv(2.0 * np.eye(DIMS) + contexts.T @ contexts)
    x = rng.standard_normal(DIMS)
    found = learner.beliefs.estimate(x, ["a", "never seen"])
    assert found.mean == pytest.approx([x @ inverse @ contexts.T @ rewards, 0.0], abs=1e-5)
    assert found.deviation == pytest.approx([np.sqrt(x @ inverse @ x), np.sqrt(x @ x / 2.0)], rel=1e-4)


def test_few_of_many_arms_are_read_as_all_of_them_are() -> None:
    rng = np.random.default_rng(1)
    seen = {f"a{n}": sums_of(rng.standard_normal((5, DIMS)), rng.standard_normal(5)) for n in range(40)}
    beliefs, x = LinearLearner(DIMS, FLAT, seen).beliefs, rng.standard_normal(DIMS)
    few, every = beliefs.estimate(x, ["a7", "new"]), beliefs.estimate(x, [*seen, "new"])
    assert few.mean == pytest.approx(every.mean[[7, -1]])
    assert few.deviation == pytest.approx(every.deviation[[7, -1]])


def test_beliefs_that_were_handed_out_do_not_change() -> None:
    learner, x = LinearLearner(DIMS, FLAT), np.ones(DIMS)
    learner.observe("a", x, 1.0)
    before = learner.beliefs
    first = before.estimate(x, ["a"])
    for _ in range(50):
        learner.observe("a", x, 0.0)
        learner.observe("b", x, 0.0)
    again = before.estimate(x, ["a"])
    assert (again.mean, again.deviation, again.seen) == (first.mean, first.deviation, first.seen)


def test_a_tick_forgets_outcomes_and_keeps_the_prior() -> None:
    rules = LearningRules(ridge=1.0, discount=0.5, tick_outcomes=2, prior="zero")
    learner, x = LinearLearner(1, rules), np.ones(1)
    learner.observe("a", x, 1.0)
    learner.observe("a", x, 1.0)
    sums = learner.statistics["a"]
    assert (sums.moments[0, 0], sums.rewarded[0], sums.seen) == (0.5, 0.5, 0.5)
    found = learner.beliefs.estimate(x, ["a"])
    assert found.mean[0] == pytest.approx(0.5 / 1.5)
    assert found.deviation[0] == pytest.approx(np.sqrt(1 / 1.5))


def test_an_arm_never_seen_is_expected_to_be_as_the_pool_if_so_wished() -> None:
    x = np.ones(1)
    seen = {arm: sums_of(np.ones((50, 1)), np.full(50, level)) for arm, level in (("a", 0.4), ("b", 0.8))}
    alone, pooled = (LinearLearner(1, LearningRules(ridge=1.0, prior=prior), seen) for prior in ("zero", "pool"))
    assert alone.beliefs.estimate(x, ["new"]).mean[0] == 0.0
    assert pooled.beliefs.estimate(x, ["new"]).mean[0] == pytest.approx(0.6, abs=0.01)


def test_packed_inverses_give_quadratic_forms() -> None:
    rng = np.random.default_rng(2)
    root = rng.standard_normal((4, 4))
    matrix, x = root @ root.T, rng.standard_normal(4)
    assert pack(matrix) @ np.outer(x, x)[upper(4)] == pytest.approx(x @ matrix @ x, rel=1e-5)
