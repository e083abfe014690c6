"""One weight from price, latency, reliability, rate limit and availability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL, START, AgentProfile, Price
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import Branch, FanOutNode, GraphSpec
from stigmergy.graphs.overlay import ALL_HEALTHY, Condition, Overlay
from stigmergy.graphs.weights import WeightModel, node_weights

Build = Callable[..., AgentGraph]
MakeProfile = Callable[..., AgentProfile]
MODEL = WeightModel()
WIDE = GraphSpec(stages=(("cheap", "dear"), ("free",)))


@pytest.fixture
def graph(build: Build, profile: MakeProfile) -> AgentGraph:
    cheap, dear = profile("cheap", "0.1"), profile("dear", 1)
    return build(WIDE, *(replace(p, expected_latency_s=0.0) for p in (cheap, dear)), profile("free"))


def times(graph: AgentGraph, factor: int) -> AgentGraph:
    profiles = [graph.profile(node) for node in graph.nodes]
    scaled = [replace(p, price=Price(per_call=p.price.per_call * factor)) for p in profiles]
    return AgentGraph(graph.name, graph.spec, {p.id: p for p in scaled})


def test_weights_are_prices_in_units_of_the_floor(graph: AgentGraph) -> None:
    weights = node_weights(graph, ALL_HEALTHY, MODEL)
    assert (weights["cheap"], weights["dear"]) == (10.0, 100.0)
    assert weights[GOAL] == 0.0
    assert START not in weights


def test_a_free_agent_costs_the_floor(graph: AgentGraph) -> None:
    assert node_weights(graph, ALL_HEALTHY, MODEL)["free"] == pytest.approx(1.0 + 0.1 / MODEL.reference_latency_s)


def test_a_graph_of_free_agents_is_weighed_by_latency_alone(build: Build) -> None:
    weights = node_weights(build(WIDE), ALL_HEALTHY, MODEL)
    assert weights["cheap"] == weights["dear"] == weights["free"] == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("condition", "penalty"),
    [
        (Condition(response_s=1.0), 2.0),
        (Condition(success_rate=0.5), 2.0),
        (Condition(rate_used=0.75), 4.0),
        (Condition(recovery=0.25), 4.0),
        (Condition(recovery=0.0), 100.0),
        (Condition(success_rate=1e-9), 100.0),
        (Condition(success_rate=0.5, response_s=1.0, rate_used=0.5), 8.0),
        (Condition(available=False), inf),
    ],
)
def test_each_fact_multiplies_the_weight_by_its_penalty(
    graph: AgentGraph, condition: Condition, penalty: float
) -> None:
    weights = node_weights(graph, Overlay(1, {"cheap": condition}), MODEL)
    assert weights["cheap"] == pytest.approx(10.0 * penalty)
    assert weights["dear"] == 100.0


def test_a_fan_out_weighs_what_its_required_branches_weigh_together(build: Build) -> None:
    arm = Branch(graph=GraphSpec(stages=(("a",),)))
    extra = Branch(graph=GraphSpec(stages=(("a",),)), required=False)
    fan = FanOutNode(branches={"one": arm, "two": arm, "extra": extra})
    graph = build(GraphSpec(nodes={"both": fan}, stages=(("a",), ("both",))))
    weights = node_weights(graph, ALL_HEALTHY, MODEL)
    assert weights["both"] == pytest.approx(2 * weights["a"])
    down = Overlay(1, {"a": Condition(available=False)})
    assert node_weights(graph, down, MODEL)["both"] == inf


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_multiplying_every_price_by_1000_changes_no_weight(
    graphs: st.SearchStrategy[AgentGraph], data: st.DataObject
) -> None:
    graph = data.draw(graphs)
    assert node_weights(times(graph, 1000), ALL_HEALTHY, MODEL) == node_weights(graph, ALL_HEALTHY, MODEL)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_weight_is_at_least_one(graphs: st.SearchStrategy[AgentGraph], data: st.DataObject) -> None:
    graph = data.draw(graphs)
    share = st.floats(0.0, 1.0)
    condition = st.builds(Condition, st.booleans(), share, st.none() | st.floats(0.0, 60.0), st.just(0), share, share)
    overlay = Overlay(1, {agent: data.draw(condition) for agent in graph.agents})
    weights = node_weights(graph, overlay, MODEL)
    assert all(weights[node] >= 1.0 for node in graph.nodes)
    assert {node for node in graph.nodes if weights[node] == inf} == graph.nodes_with(overlay.unavailable())
