"""Off-policy estimates on logs whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.bench.off_policy.worlds import Choices, Paths, World
from stigmergy.errors import UnusableLog
from stigmergy.platform.learning.off_policy.estimating import judge
from stigmergy.platform.learning.off_policy.estimators import DECIDING, ESTIMATORS
from stigmergy.platform.learning.off_policy.logged import one_hop
from stigmergy.platform.learning.off_policy.ratios import cumulative_ratios, effective_sample_size

WORLDS: tuple[World, ...] = (Choices(), Paths())


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: str(world.name))
def test_all_but_the_direct_method_find_the_truth_of_a_long_log(world: World) -> None:
    drawn = world.draw(20_000, np.random.default_rng(0))
    found, truth = judge(drawn.log, drawn.target, seed=0, samples=50), world.truth()
    for name in ESTIMATORS.keys() - {"direct"}:
        assert found.values[name].mean == pytest.approx(truth, abs=0.025), name


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: str(world.name))
def test_judging_the_logging_policy_itself_gives_its_mean_and_no_gain(world: World) -> None:
    drawn = world.draw(2_000, np.random.default_rng(1))
    found = judge(drawn.log, drawn.log.behaviour, seed=0, samples=50)
    assert found.effective_sample_size == pytest.approx(1_000)
    for name in ("ips", "snips", "per_decision_ips"):
        assert found.values[name].mean == pytest.approx(found.logged.mean)
        assert found.gains[name].high == pytest.approx(0.0)
    assert found.gains[DECIDING].low < 0.0 < found.gains[DECIDING].high


def test_a_model_makes_the_interval_of_the_doubly_robust_estimate_narrower_than_that_of_ips() -> None:
    drawn = Choices().draw(4_000, np.random.default_rng(2))
    found = judge(drawn.log, drawn.target, seed=0, samples=200).values
    assert found[DECIDING].high - found[DECIDING].low < found["ips"].high - found["ips"].low


def test_what_no_router_decided_is_part_of_the_world() -> None:
    drawn = Paths().draw(500, np.random.default_rng(3))
    nothing_decided = replace(drawn.log, decided=np.zeros_like(drawn.log.decided))
    found = judge(nothing_decided, drawn.target, seed=0, samples=20)
    assert found.values["ips"].mean == pytest.approx(found.logged.mean)


def test_an_episode_judged_with_probability_one_half_counts_for_two() -> None:
    log = one_hop(
        features=np.zeros((400, 1)),
        behaviour=np.full((400, 2), 0.5),
        actions=np.arange(400) % 2,
        rewards=(np.arange(400) < 200).astype(np.float64),
        clusters=np.arange(400),
    )
    weighted = replace(log, weights=np.where(np.arange(400) < 200, 2.0, 1.0))
    assert judge(weighted, log.behaviour, seed=0, samples=20).logged.mean == pytest.approx(2 / 3)


def test_a_log_without_enough_support_is_refused_with_the_reason() -> None:
    drawn = Choices(sharpness=60.0).draw(200, np.random.default_rng(4))
    found = judge(drawn.log, drawn.target, seed=0, samples=20)
    assert "effective sample is" in found.refused
    assert not found.values


def test_what_was_never_tried_is_refused_with_the_reason() -> None:
    log = one_hop(
        features=np.zeros((300, 1)),
        behaviour=np.tile([1.0, 0.0], (300, 1)),
        actions=np.zeros(300, dtype=np.intp),
        rewards=np.ones(300),
        clusters=np.arange(300),
    )
    feasible = replace(log, feasible=np.ones((300, 1, 2), dtype=np.bool_))
    found = judge(feasible, np.tile([0.5, 0.5], (300, 1, 1)), seed=0, samples=20)
    assert found.refused.startswith("50.0% of what the policy does was never tried")


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), clip=st.floats(1.0, 50.0))
def test_clipping_never_lets_a_ratio_pass_and_never_shrinks_the_sample(seed: int, clip: float) -> None:
    drawn = Paths().draw(100, np.random.default_rng(seed))
    whole = cumulative_ratios(drawn.log, drawn.target)
    clipped = cumulative_ratios(drawn.log, drawn.target, clip)
    assert clipped.max() <= clip
    assert np.array_equal(clipped[whole <= clip], whole[whole <= clip])
    assert 0.0 < effective_sample_size(drawn.log, clipped) <= 50.0 + 1e-9


def test_the_same_seed_gives_the_same_judgement() -> None:
    drawn = Paths().draw(1_000, np.random.default_rng(5))
    first, second = (judge(drawn.log, drawn.target, seed=3, samples=50) for _ in range(2))
    assert first == second


def test_a_policy_that_takes_what_the_mask_forbids_cannot_be_judged() -> None:
    drawn = Choices().draw(200, np.random.default_rng(6))
    feasible = drawn.log.feasible.copy()
    feasible[5, 0, (drawn.log.actions[5, 0] + 1) % 5] = False
    with pytest.raises(UnusableLog, match="episode 5, hop 0: it takes what the mask forbids"):
        judge(replace(drawn.log, feasible=feasible), drawn.target, seed=0)


@pytest.mark.parametrize(
    ("part", "value", "reason"),
    [
        ("rewards", np.nan, "a failed call has no reward"),
        ("behaviour", 0.0, "add up to 1"),
        ("weights", 0.5, "an inverse probability is at least 1"),
        ("actions", 99, "no such action"),
        ("hops", 0, "more or fewer hops"),
    ],
)
def test_a_log_that_cannot_be_says_where(part: str, value: float, reason: str) -> None:
    log = Choices().draw(200, np.random.default_rng(7)).log
    wrong = getattr(log, part).copy()
    wrong[7] = value
    with pytest.raises(UnusableLog, match=reason) as caught:
        replace(log, **{part: wrong})
    assert "episode 7" in str(caught.value)


def test_shapes_that_do_not_fit_are_named() -> None:
    log = Choices().draw(200, np.random.default_rng(8)).log
    with pytest.raises(UnusableLog, match=r"rewards: shape \(200, 2\) where \(200, 1\)"):
        replace(log, rewards=np.zeros((200, 2)))
