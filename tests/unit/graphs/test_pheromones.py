"""How trails are read, and what a tick does to them."""

from __future__ import annotations

import json
import pickle
from math import exp, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.graphs.pheromones import NO_TRAILS, Bounds, Trails
from stigmergy.graphs.trail_delta import TrailDelta

EDGE, OTHER = ("START", "a"), ("START", "b")
BOUNDS = Bounds(0.1, 10.0)
MATH = {"math": 1.0}
LOGS = st.floats(-1000.0, 1000.0)


def trails(log_tau: float = 0.0, tau: float = 0.0) -> Trails:
    return NO_TRAILS.apply(TrailDelta(log_tau={"math": {EDGE: log_tau}}, tau={"math": {EDGE: tau}}))


def test_an_edge_without_a_trail_reads_one() -> None:
    assert NO_TRAILS.tau(EDGE, {"math": 0.25, "code": 0.75}, BOUNDS) == 1.0
    assert trails(1.0).tau(OTHER, MATH, BOUNDS) == 1.0


def test_a_reading_is_the_mean_over_the_mixture() -> None:
    read = trails(log(4.0)).tau(EDGE, {"math": 0.25, "code": 0.75}, BOUNDS)
    assert read == pytest.approx(0.25 * 4.0 + 0.75 * 1.0)


def test_linear_deposits_add_to_the_reading() -> None:
    assert trails(tau=2.5).tau(EDGE, MATH, BOUNDS) == 3.5


@settings(max_examples=60, deadline=None)
@given(log_tau=LOGS)
def test_readings_stay_within_the_bounds(log_tau: float) -> None:
    expected = exp(min(log(10.0), max(log(0.1), log_tau)))
    assert trails(log_tau).tau(EDGE, MATH, BOUNDS) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(log_tau=LOGS, rho=st.floats(0.0, 1.0))
def test_evaporation_brings_a_trail_nearer_to_one_and_never_across(log_tau: float, rho: float) -> None:
    wide = Bounds(1e-300, 1e300)
    before, after = (log(t.tau(EDGE, MATH, wide)) for t in (trails(log_tau), trails(log_tau).evaporate(rho)))
    assert abs(after) <= abs(before) + 1e-9
    assert before * after >= 0.0


def test_evaporation_shrinks_both_kinds_of_deposit_and_nothing_else() -> None:
    total = TrailDelta(
        log_tau={"math": {EDGE: 2.0}},
        tau={"math": {EDGE: 4.0}},
        utility_sum={"math": 3.0},
        utility_count={"math": 4.0},
        trials={"a": {"math": 4.0}},
        successes={"a": {"math": 3.0}},
        episodes=4,
    )
    after = NO_TRAILS.apply(total).evaporate(0.25).total
    assert (after.log_tau["math"][EDGE], after.tau["math"][EDGE]) == (1.5, 3.0)
    assert (after.utility_sum, after.trials, after.episodes) == (total.utility_sum, total.trials, 4)


@settings(max_examples=60, deadline=None)
@given(log_tau=LOGS)
def test_clamping_changes_no_reading(log_tau: float) -> None:
    before = trails(log_tau)
    assert before.clamp(BOUNDS).tau(EDGE, MATH, BOUNDS) == pytest.approx(before.tau(EDGE, MATH, BOUNDS))


def test_a_clamped_trail_turns_with_the_next_deposit() -> None:
    worse = TrailDelta(log_tau={"math": {EDGE: -1.0}})
    assert trails(50.0).apply(worse).tau(EDGE, MATH, BOUNDS) == 10.0
    assert trails(50.0).clamp(BOUNDS).apply(worse).tau(EDGE, MATH, BOUNDS) == pytest.approx(10.0 / exp(1.0))


def test_every_change_is_a_new_version_and_leaves_the_old_one() -> None:
    first = trails(1.0)
    versions = [t.version for t in (NO_TRAILS, first, first.evaporate(0.5), first.evaporate(0.5).clamp(BOUNDS))]
    assert versions == [0, 1, 2, 3]
    assert first.tau(EDGE, MATH, BOUNDS) == pytest.approx(exp(1.0))


@settings(max_examples=40, deadline=None)
@given(total=st.floats(-50.0, 50.0), count=st.floats(0.1, 100.0), shares=st.lists(st.floats(0.0, 0.9), max_size=4))
def test_forgetting_leaves_the_mean_utility_and_weakens_its_weight(
    total: float, count: float, shares: list[float]
) -> None:
    seen = NO_TRAILS.apply(TrailDelta(utility_sum={"math": total}, utility_count={"math": count}))
    later = seen
    for share in shares:
        later = later.forget_utilities(share)
    assert later.mean_utility("math") == pytest.approx(seen.mean_utility("math"))
    assert later.total.utility_count["math"] <= count


def test_mean_utility_is_what_was_seen_or_what_is_asked_for() -> None:
    seen = NO_TRAILS.apply(TrailDelta(utility_sum={"math": 1.5}, utility_count={"math": 2.0}))
    assert seen.mean_utility("math") == 0.75
    assert seen.mean_utility("code") == 0.0
    assert seen.mean_utility("code", unseen=0.4) == 0.4


def test_ability_moves_from_the_prior_to_what_was_seen() -> None:
    assert NO_TRAILS.ability("a", "math", prior=0.7, strength=4.0) == pytest.approx(0.7)
    seen = NO_TRAILS.apply(TrailDelta(successes={"a": {"math": 3.0}}, trials={"a": {"math": 12.0}}))
    assert seen.ability("a", "math", prior=0.75, strength=4.0) == pytest.approx((3.0 + 4.0 * 0.75) / 16.0)
    assert seen.ability("a", "code", prior=0.75, strength=4.0) == 0.75


def test_trails_survive_json_and_pickling() -> None:
    there = trails(1.5, 2.5).evaporate(0.5)
    assert Trails.from_dict(json.loads(json.dumps(there.to_dict()))) == there
    assert pickle.loads(pickle.dumps(there)) == there
