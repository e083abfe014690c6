"""The ant colony: how it scores, what it learns, and what it leaves alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from math import log
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL, START, AgentProfile, Failure, FailureKind, Usage
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.overlay import Condition, Overlay
from stigmergy.graphs.pheromones import NO_TRAILS, Trails
from stigmergy.graphs.trail_delta import TrailDelta
from stigmergy.routers.ant_colony import AntColonyRouter
from stigmergy.routers.base import Outcome, RoutingState
from stigmergy.routers.catalog import build_router
from stigmergy.routers.configs import AntColonyConfig, HeuristicConfig
from stigmergy.routers.trail_sharing import TrailSharing

Build = Callable[..., AgentGraph]
MakeProfile = Callable[..., AgentProfile]
StateAt = Callable[..., RoutingState]
Finished = Callable[..., Outcome]


@pytest.fixture
def graph(build: Build, profile: MakeProfile) -> AgentGraph:
    return build((("cheap", "dear"),), profile("cheap", 1), profile("dear", 3))


def colony(graph: AgentGraph, **config: Any) -> AntColonyRouter:
    router = build_router("ants", AntColonyConfig(**config))
    assert isinstance(router, AntColonyRouter)
    router.meet(graph)
    return router


def trails(**log_tau: float) -> Trails:
    return NO_TRAILS.apply(TrailDelta(log_tau={"math": {(START, node): value for node, value in log_tau.items()}}))


def test_a_colony_that_knows_nothing_prefers_nobody(graph: AgentGraph, state_at: StateAt) -> None:
    values = colony(graph).scores(state_at(graph)).values
    assert values[0] == pytest.approx(values[1]) == pytest.approx(1.0)


def test_a_score_is_trail_to_alpha_times_heuristic_to_beta(graph: AgentGraph, state_at: StateAt) -> None:
    ants = colony(graph, alpha=2.0, beta=1.0, heuristic=HeuristicConfig(ability=0.0, load=1.0, response=0.0))
    ants.adopt(trails(cheap=1.0))
    busy = Overlay(0, {"cheap": Condition(load=3)})
    found = ants.scores(state_at(graph, overlay=busy))
    assert found.values == pytest.approx((2.718281828**2 * 0.25, 1.0))
    assert found.evidence[0]["trail"] == pytest.approx(2.718281828)
    assert found.evidence[0]["heuristic"] == pytest.approx(0.25)


def test_trails_are_mixed_by_the_querys_types(graph: AgentGraph, state_at: StateAt) -> None:
    ants = colony(graph, beta=0.0)
    ants.adopt(trails(cheap=2.0))
    mixed = ants.scores(state_at(graph, mixture={"math": 0.25, "code": 0.75})).values
    assert mixed == pytest.approx((0.25 * 7.389056 + 0.75, 1.0))
    assert ants.scores(state_at(graph, mixture={"code": 1.0})).values == (1.0, 1.0)


def test_trails_are_read_between_their_bounds(graph: AgentGraph, state_at: StateAt) -> None:
    ants = colony(graph, beta=0.0, trail_low=0.1, trail_high=4.0)
    ants.adopt(trails(cheap=99.0, dear=-99.0))
    assert ants.scores(state_at(graph)).values == pytest.approx((4.0, 0.1))


def test_faster_and_abler_agents_look_better(build: Build, profile: MakeProfile, state_at: StateAt) -> None:
    able = build((("a", "b"),), profile("a", ability={"math": 0.9}), profile("b", ability={"math": 0.3}))
    first, second = colony(able).scores(state_at(able)).values
    assert first > second
    quick = Overlay(0, {"a": Condition(response_s=9.0), "b": Condition(response_s=0.1)})
    heuristic = HeuristicConfig(ability=0.0, load=0.0, response=1.0)
    slow, fast = colony(able, heuristic=heuristic).scores(state_at(able, overlay=quick)).values
    assert fast > 10 * slow > 0


def test_ending_counts_as_an_average_idle_agent(build: Build, state_at: StateAt) -> None:
    graph = build((), edges={START: ("a",), "a": ("b", GOAL), "b": (GOAL,)})
    state = state_at(graph, "a")
    assert {c.node for c in state.candidates} == {GOAL, "b"}
    assert colony(graph).scores(state).values == pytest.approx((1.0, 1.0))
    assert colony(graph).scores(state_at(graph, "b")).values == pytest.approx((1.0,))


def test_good_routes_gain_and_poor_ones_lose(graph: AgentGraph, state_at: StateAt, outcome: Finished) -> None:
    ants = colony(graph)
    for quality, route in [(1.0, ("dear",)), (0.0, ("cheap",))] * 5:
        ants.learn(outcome(route, quality, 1.0 if route == ("cheap",) else 3.0))
    cheap, dear = ants.scores(state_at(graph)).values
    assert dear > 2 * cheap
    best = ants.strongest_trails("math", 1)[0]
    assert (best.source, best.node) in {(START, "dear"), ("dear", GOAL)}
    assert best.trail > 1.0


def test_of_two_good_routes_the_cheaper_gains(graph: AgentGraph, state_at: StateAt, outcome: Finished) -> None:
    ants = colony(graph)
    for _ in range(10):
        ants.learn(outcome(("dear",), 1.0, 3.0))
        ants.learn(outcome(("cheap",), 1.0, 1.0))
    cheap, dear = ants.scores(state_at(graph)).values
    assert cheap > dear


@pytest.mark.parametrize(
    "changes",
    [{"quality": None}, {"graph": "never met"}, {"steps": ()}],
    ids=["not judged", "unknown graph", "no step"],
)
def test_what_cannot_be_learnt_from_leaves_no_trail(
    graph: AgentGraph, outcome: Finished, changes: dict[str, Any]
) -> None:
    ants = colony(graph)
    ants.learn(replace(outcome(("cheap",)), **changes))
    assert ants.collect() is None
    assert ants.trails is NO_TRAILS


def test_forced_hops_move_no_trail_but_show_skill(graph: AgentGraph, outcome: Finished) -> None:
    ants, told = colony(graph), outcome(("cheap",))
    ants.learn(replace(told, steps=(replace(told.steps[0], decided_by_router=False),)))
    delta = ants.collect()
    assert delta is not None
    assert delta.trials == {"cheap": {"math": 1.0}}
    assert not any(delta.log_tau["math"].values())


def test_a_checker_judges_the_step_before_the_episode_does(graph: AgentGraph, outcome: Finished) -> None:
    ants, told = colony(graph), outcome(("cheap",), 0.0)
    ants.learn(replace(told, steps=(replace(told.steps[0], judgement=1.0),)))
    delta = ants.collect()
    assert delta is not None
    assert delta.successes == {"cheap": {"math": 1.0}}


def test_infrastructure_failures_never_count_against_skill(graph: AgentGraph, outcome: Finished) -> None:
    ants = colony(graph)
    failure = Failure(node="dear", agent="dear", kind=FailureKind.UNAVAILABLE, reason="gone")
    ants.learn(outcome(("cheap",), 0.0, infrastructure_failures=(failure,)))
    delta = ants.collect()
    assert delta is not None
    assert not delta.trials


def test_an_episode_judged_by_chance_stands_for_those_that_were_not(graph: AgentGraph, outcome: Finished) -> None:
    ants = colony(graph)
    ants.learn(outcome(("cheap",), judged_probability=0.25))
    delta = ants.collect()
    assert delta is not None
    assert delta.utility_count == {"math": 4.0}


def test_learning_is_handed_over_once_and_kept_until_adopted(graph: AgentGraph, outcome: Finished) -> None:
    ants = colony(graph)
    assert isinstance(ants, TrailSharing)
    ants.learn(outcome(("cheap",)))
    assert ants.trails.total.episodes == 1
    delta = ants.collect()
    assert delta is not None
    assert ants.collect() is None
    ants.learn(outcome(("dear",)))
    ants.adopt(NO_TRAILS.apply(delta))
    assert ants.trails.total.episodes == 2
    ants.collect()
    ants.adopt(NO_TRAILS)
    assert ants.trails is NO_TRAILS


def test_a_tick_weakens_and_clamps(graph: AgentGraph) -> None:
    ticked = colony(graph, rho=0.5, trail_high=2.0).ticked(trails(cheap=1.0, dear=90.0))
    row = ticked.total.log_tau["math"]
    assert row[START, "cheap"] == pytest.approx(0.5)
    assert row[START, "dear"] == pytest.approx(0.693147, abs=1e-5)


EPISODES = st.lists(
    st.tuples(st.sampled_from((("cheap",), ("dear",))), st.floats(0.0, 1.0), st.floats(0.0, 9.0), st.floats(0.01, 1.0)),
    max_size=12,
)


@pytest.mark.parametrize("rule", ["advantage", "amro"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(episodes=EPISODES)
def test_whatever_is_learnt_trails_keep_their_bounds_and_never_strengthen_by_failing(
    graph: AgentGraph,
    state_at: StateAt,
    outcome: Finished,
    rule: str,
    episodes: list[tuple[tuple[str, ...], float, float, float]],
) -> None:
    ants = colony(graph, rule=rule, step_size=2.0, trail_low=0.2, trail_high=5.0)
    for route, quality, cost, chance in episodes:
        ants.learn(outcome(route, quality, cost, judged_probability=chance))
        readings = [told["trail"] for told in ants.scores(state_at(graph)).evidence]
        assert all(0.2 - 1e-9 <= reading <= 5.0 + 1e-9 for reading in readings)
    ticked = ants.ticked(ants.trails)
    for row in ticked.total.log_tau.values():
        assert all(log(0.2) - 1e-9 <= amount <= log(5.0) + 1e-9 for amount in row.values())
    ants.adopt(ticked)
    all_failed = all(quality < 0.5 for _, quality, _, _ in episodes)
    assert not all_failed or all(told["trail"] <= 1.0 for told in ants.scores(state_at(graph)).evidence)


def test_the_published_rule_deposits_on_success_only(graph: AgentGraph, outcome: Finished) -> None:
    ants = colony(graph, rule="amro")
    ants.learn(outcome(("cheap",), 0.2))
    assert ants.strongest_trails("math", 5) == ()
    told = outcome(("cheap",), 1.0, 1.0)
    ants.learn(replace(told, steps=(replace(told.steps[0], usage=Usage(latency_s=2.0)),)))
    assert ants.strongest_trails("math", 1)[0].trail > 1.0


def test_a_person_can_read_what_was_learnt(graph: AgentGraph, outcome: Finished) -> None:
    ants = colony(graph)
    for quality in (1.0, 0.0, 1.0):
        ants.learn(outcome(("cheap",), quality, 1.0))
    report = ants.interpret()
    assert report.episodes == 3
    assert report.types["math"].mean_utility == pytest.approx(2 / 3)
    assert "START -> cheap: trail" in str(report)
    assert {left.episode for reading in report.types["math"].trails for left in reading.footprints} == {"e"}
    assert "cheap: ability" in str(report)


def test_trails_survive_a_checkpoint(graph: AgentGraph, state_at: StateAt, outcome: Finished) -> None:
    ants, restored = colony(graph), colony(graph)
    ants.learn(outcome(("cheap",), 0.0))
    ants.learn(outcome(("dear",), 1.0))
    restored.adopt(Trails.from_dict(json.loads(json.dumps(ants.trails.to_dict()))))
    assert restored.scores(state_at(graph)) == ants.scores(state_at(graph))
