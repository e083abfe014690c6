"""What is still ahead at every node, against every route there is."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import inf

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL, NOTHING, START, AgentProfile, NodeId, Spend, TokenCaps
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.cost_to_go import completions, dearest_potentials, pareto_least, potentials
from stigmergy.graphs.nodes import Branch, FanOutNode, GraphSpec

Build = Callable[..., AgentGraph]
MakeProfile = Callable[..., AgentProfile]
Graphs = st.SearchStrategy[AgentGraph]
WeightsOf = Callable[[AgentGraph], st.SearchStrategy[dict[NodeId, float]]]
SPENDS = st.builds(Spend, st.integers(0, 3).map(Decimal), st.integers(0, 3), st.integers(0, 3))


def routes(graph: AgentGraph, source: NodeId) -> list[tuple[NodeId, ...]]:
    if source == GOAL:
        return [()]
    return [tuple(nodes[1:-1]) for nodes in nx.all_simple_paths(graph.digraph, source, GOAL)]


def in_order(spends: set[Spend]) -> tuple[Spend, ...]:
    least = (s for s in spends if not any(other != s and other.at_most(s) for other in spends))
    return tuple(sorted(least, key=lambda s: (s.usd, s.tokens, s.calls)))


def test_minima_of_two_resources_may_lie_on_two_paths(build: Build, profile: MakeProfile) -> None:
    thrifty = profile("thrifty", 1, caps=TokenCaps(90, 10, 1))
    terse = profile("terse", 9, caps=TokenCaps(5, 5, 1))
    wasteful = profile("wasteful", 9, caps=TokenCaps(90, 10, 1))
    graph = build(GraphSpec(stages=(("thrifty", "terse", "wasteful"),)), thrifty, terse, wasteful)
    ahead = completions(graph)
    assert ahead[START] == (Spend(Decimal(1), 100, 1), Spend(Decimal(9), 10, 1))
    assert ahead["terse"] == ahead[GOAL] == (NOTHING,)


def test_no_completion_is_an_empty_tuple(build: Build) -> None:
    graph = build(GraphSpec(stages=(("a",), ("b",))))
    ahead = completions(graph, frozenset({"b"}))
    assert ahead[START] == ahead["a"] == ()
    assert ahead["b"] == (NOTHING,), "an unavailable node can still be left"


def test_the_costs_of_branches_add(build: Build) -> None:
    arm = Branch(graph=GraphSpec(stages=(("a",),)))
    graph = build(GraphSpec(nodes={"both": FanOutNode(branches={"one": arm, "two": arm})}, stages=(("a",), ("both",))))
    assert completions(graph)["a"] == (graph.worst_case("a") + graph.worst_case("a"),)
    assert completions(graph, needs={"both": (NOTHING,)})["a"] == (NOTHING,)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_potentials_are_least_and_greatest_sums_over_routes(
    graphs: Graphs, weights_of: WeightsOf, data: st.DataObject
) -> None:
    graph = data.draw(graphs)
    weights = data.draw(weights_of(graph))
    least, greatest = potentials(graph, weights), dearest_potentials(graph, weights)
    for node in graph.order:
        sums = [sum(weights[n] for n in route) for route in routes(graph, node)]
        finite = [total for total in sums if total < inf]
        assert least[node] == min(finite, default=inf)
        assert greatest[node] == max(finite, default=-inf)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_completions_are_the_pareto_least_over_routes(graphs: Graphs, data: st.DataObject) -> None:
    graph = data.draw(graphs)
    unavailable = data.draw(st.frozensets(st.sampled_from(graph.nodes), max_size=2))
    ahead = completions(graph, unavailable)
    for node in graph.order:
        open_routes = [route for route in routes(graph, node) if unavailable.isdisjoint(route)]
        totals = {sum((graph.worst_case(n) for n in route), start=NOTHING) for route in open_routes}
        assert ahead[node] == in_order(totals)


@settings(max_examples=150, deadline=None)
@given(spends=st.lists(SPENDS, max_size=12))
def test_pareto_least_keeps_what_nothing_dominates(spends: list[Spend]) -> None:
    assert pareto_least(spends) == in_order(set(spends))
