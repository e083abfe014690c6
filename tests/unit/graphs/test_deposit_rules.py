"""What an episode leaves behind under each rule, and where each rule leads a colony."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.graphs.deposit_rules import AdvantageRule, AmroRule, DepositRule, Walk
from stigmergy.graphs.pheromones import NO_TRAILS, Bounds, Trails
from stigmergy.graphs.trail_delta import TrailDelta

EDGES = (("START", "a"), ("a", "b"))
WALK = Walk(
    edges=EDGES, judgements=(("a", 1.0), ("b", None)), mixture={"math": 0.75, "code": 0.25}, quality=0.8, cost=0.5
)
OURS = AdvantageRule(cost_weight=0.4, step_size=0.5)
KNOWN = NO_TRAILS.apply(TrailDelta(utility_sum={"math": 1.0, "code": 1.6}, utility_count={"math": 2.0, "code": 2.0}))
RULES: tuple[DepositRule, ...] = (OURS, AmroRule())


def test_ours_deposits_the_advantage_over_the_running_mean() -> None:
    delta = OURS.deposit(KNOWN, WALK)
    assert OURS.utility(WALK) == pytest.approx(0.6)
    assert delta.log_tau["math"] == pytest.approx(dict.fromkeys(EDGES, 0.75 * 0.5 * (0.6 - 0.5)))
    assert delta.log_tau["code"] == pytest.approx(dict.fromkeys(EDGES, 0.25 * 0.5 * (0.6 - 0.8)))
    assert delta.tau == {}


def test_the_first_episode_of_a_type_only_founds_its_mean() -> None:
    after = NO_TRAILS.apply(OURS.deposit(NO_TRAILS, WALK))
    assert after.tau(EDGES[0], WALK.mixture, Bounds()) == 1.0
    assert after.mean_utility("math") == after.mean_utility("code") == pytest.approx(0.6)


@settings(max_examples=60, deadline=None)
@given(quality=st.floats(0.0, 0.49), cost=st.floats(-1.0, 2.0))
def test_a_wrong_answer_never_earns_a_cheapness_bonus(quality: float, cost: float) -> None:
    assert OURS.utility(replace(WALK, quality=quality, cost=cost)) <= 0.0


def test_amro_deposits_quality_per_burden() -> None:
    rule = AmroRule(latency_weight=0.1, epsilon=0.1)
    delta = rule.deposit(KNOWN, replace(WALK, latency_s=2.0))
    assert delta.tau["math"] == pytest.approx(dict.fromkeys(EDGES, 0.75 * 0.8 / (0.5 + 0.2 + 0.1)))
    assert delta.log_tau == {}


def test_amro_leaves_nothing_for_poor_quality_but_remembers_the_agents() -> None:
    delta = AmroRule().deposit(KNOWN, replace(WALK, quality=0.4))
    assert delta.tau == {}
    assert delta.trials["a"] == {"math": 0.75, "code": 0.25}


@pytest.mark.parametrize("rule", RULES)
def test_a_step_counts_by_its_judgement_or_else_by_the_episode(rule: DepositRule) -> None:
    delta = rule.deposit(KNOWN, WALK)
    assert delta.successes == {
        "a": pytest.approx({"math": 0.75, "code": 0.25}),
        "b": pytest.approx({"math": 0.6, "code": 0.2}),
    }
    assert delta.trials == {agent: {"math": 0.75, "code": 0.25} for agent in ("a", "b")}
    assert delta.episodes == 1


@pytest.mark.parametrize("rule", RULES)
def test_an_agent_that_was_asked_twice_has_two_trials(rule: DepositRule) -> None:
    delta = rule.deposit(KNOWN, replace(WALK, judgements=(("a", 1.0), ("a", 0.0)), mixture={"math": 1.0}))
    assert (delta.trials, delta.successes) == ({"a": {"math": 2.0}}, {"a": {"math": 1.0}})


@pytest.mark.parametrize("rule", RULES)
def test_an_episode_that_stands_for_two_counts_twice(rule: DepositRule) -> None:
    once, twice = rule.deposit(KNOWN, WALK), rule.deposit(KNOWN, replace(WALK, weight=2.0))
    assert twice.trials["a"]["math"] == 2 * once.trials["a"]["math"]
    assert twice.utility_sum["math"] == pytest.approx(2 * once.utility_sum["math"])
    for before, after in ((once.log_tau, twice.log_tau), (once.tau, twice.tau)):
        assert {t: row[EDGES[0]] * 2 for t, row in before.items()} == pytest.approx(
            {t: row[EDGES[0]] for t, row in after.items()}
        )


def colony(rule: DepositRule, rng: random.Random) -> Trails:
    """300 episodes over a dear agent that is always right and a free one that is right in seven of ten."""
    trails = NO_TRAILS
    for episode in range(300):
        agent = ("dear", "cheap")[episode % 2]
        quality, cost = (1.0, 1.0) if agent == "dear" else (float(rng.random() < 0.7), 0.0)
        walk = Walk(
            edges=(("START", agent),), judgements=((agent, None),), mixture={"math": 1.0}, quality=quality, cost=cost
        )
        trails = trails.apply(rule.deposit(trails, walk))
        trails = trails.evaporate(0.05) if episode % 20 == 19 else trails
    return trails


def test_ours_finds_the_good_path_where_the_published_rule_drifts_to_the_cheap_one() -> None:
    bounds = Bounds(1e-6, 1e6)
    ours = colony(AdvantageRule(cost_weight=0.1), random.Random(1))
    published = colony(AmroRule(), random.Random(1))
    dear, cheap = ("START", "dear"), ("START", "cheap")
    assert ours.tau(dear, {"math": 1.0}, bounds) > 2 * ours.tau(cheap, {"math": 1.0}, bounds)
    assert published.tau(cheap, {"math": 1.0}, bounds) > 2 * published.tau(dear, {"math": 1.0}, bounds)


@settings(max_examples=60, deadline=None)
@given(quality=st.floats(0.0, 0.59), mean=st.floats(-1.0, 1.0), cost=st.floats(-0.5, 1.5))
@pytest.mark.parametrize("rule", [AdvantageRule(least_quality=0.6), AmroRule(least_quality=0.6)])
def test_below_the_quality_gate_no_trail_is_strengthened(
    rule: DepositRule, quality: float, mean: float, cost: float
) -> None:
    known = NO_TRAILS.apply(TrailDelta(utility_sum={"math": mean}, utility_count={"math": 1.0}))
    left = rule.deposit(known, replace(WALK, quality=quality, cost=cost, mixture={"math": 1.0}))
    assert all(amount <= 0.0 for table in (left.log_tau, left.tau) for row in table.values() for amount in row.values())
