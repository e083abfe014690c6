"""The cheapest path that fits a budget, against every route there is."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import inf

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL, NOTHING, START, AgentProfile, Budget, NodeId, Spend
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.constrained_path import constrained_shortest_path
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.graphs.shortest_path import Path, Weights, shortest_path

Build = Callable[..., AgentGraph]
MakeProfile = Callable[..., AgentProfile]
Graphs = st.SearchStrategy[AgentGraph]
WeightsOf = Callable[[AgentGraph], st.SearchStrategy[dict[NodeId, float]]]


def fitting(graph: AgentGraph, source: NodeId, weights: Weights, budget: Budget, spent: Spend) -> list[Path]:
    """Every finite path from the source that fits and repeats no effect, best first."""
    found = []
    for start, *nodes, _ in nx.all_simple_paths(graph.digraph, source, GOAL):
        called = [node for node in (start, *nodes) if node != START]
        effects = [graph.profile(node).effect for node in called if graph.profile(node).effect]
        total = sum((graph.worst_case(node) for node in nodes), start=spent)
        weight = sum(weights[node] for node in nodes)
        if weight < inf and len(effects) == len(set(effects)) and (not nodes or budget.allows(total)):
            found.append(Path(tuple(nodes), weight))
    return sorted(found, key=lambda path: (path.weight, len(path.nodes), path.nodes))


def test_a_heavier_path_is_taken_when_the_lightest_costs_too_much(build: Build, profile: MakeProfile) -> None:
    graph = build(GraphSpec(stages=(("dear", "cheap"), ("end",))), profile("dear", 5), profile("cheap", 1))
    weights = {"dear": 1.0, "cheap": 9.0, "end": 1.0}
    free, tight = Budget(), Budget(max_usd=Decimal(2))
    assert constrained_shortest_path(graph, START, weights, free.allows, NOTHING) == Path(("dear", "end"), 2.0)
    assert constrained_shortest_path(graph, START, weights, tight.allows, NOTHING) == Path(("cheap", "end"), 10.0)


def test_what_is_spent_counts(build: Build, profile: MakeProfile) -> None:
    graph = build(GraphSpec(stages=(("a",),)), profile("a", 1))
    budget = Budget(max_usd=Decimal(2))
    assert constrained_shortest_path(graph, START, {"a": 1.0}, budget.allows, Spend(Decimal(1))) is not None
    assert constrained_shortest_path(graph, START, {"a": 1.0}, budget.allows, Spend(Decimal("1.01"))) is None


def test_no_path_has_one_effect_twice(build: Build, profile: MakeProfile) -> None:
    spec = GraphSpec(stages=(("hotel_a", "look"), ("hotel_b",)))
    graph = build(spec, profile("hotel_a", effect="book"), profile("hotel_b", effect="book"))
    weights = {"hotel_a": 1.0, "look": 9.0, "hotel_b": 1.0}
    assert constrained_shortest_path(graph, START, weights, Budget().allows, NOTHING) == Path(("look", "hotel_b"), 10.0)
    assert constrained_shortest_path(graph, "hotel_a", weights, Budget().allows, NOTHING) is None


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_it_is_the_first_of_all_fitting_routes(
    graphs: Graphs, weights_of: WeightsOf, budgets: st.SearchStrategy[Budget], data: st.DataObject
) -> None:
    graph = data.draw(graphs)
    weights, budget = data.draw(weights_of(graph)), data.draw(budgets)
    spent = Spend(Decimal(data.draw(st.integers(0, 3))))
    for source in (START, *graph.nodes):
        expected = fitting(graph, source, weights, budget, spent)
        found = constrained_shortest_path(graph, source, weights, budget.allows, spent)
        assert found == (expected[0] if expected else None)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_without_limits_and_effects_it_is_the_shortest_path(
    graphs: Graphs, weights_of: WeightsOf, data: st.DataObject
) -> None:
    graph = data.draw(graphs.filter(lambda g: not any(g.profile(node).effect for node in g.nodes)))
    weights = data.draw(weights_of(graph))
    found = constrained_shortest_path(graph, START, weights, Budget().allows, NOTHING)
    assert found == shortest_path(graph, START, weights)
