"""Reroute if there is a path, else give up as little as possible, else nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import combinations
from math import inf

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL, NOTHING, START, AgentProfile, Budget, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, GraphSpec
from stigmergy.graphs.repair_path import RepairPath, repair_path
from stigmergy.graphs.shortest_path import Weights

Build = Callable[..., AgentGraph]
MakeProfile = Callable[..., AgentProfile]
Graphs = st.SearchStrategy[AgentGraph]
WeightsOf = Callable[[AgentGraph], st.SearchStrategy[dict[NodeId, float]]]
EVEN = {"a": 1.0, "b": 1.0, "c": 1.0}
UNLIMITED = Budget()


def chain(**losses: float) -> GraphSpec:
    nodes = {name: AgentNode(agent=name, optional=True, loss=loss) for name, loss in losses.items()}
    return GraphSpec(nodes=nodes, stages=(("a",), ("b",), ("c",)))


def ways(graph: AgentGraph, source: NodeId) -> Iterator[tuple[tuple[NodeId, ...], frozenset[NodeId]]]:
    """Every route with every choice of its optional nodes to drop."""
    for _, *nodes, _ in nx.all_simple_paths(graph.digraph, source, GOAL):
        optional = [node for node in nodes if graph.is_optional(node)]
        for count in range(len(optional) + 1):
            yield from ((tuple(nodes), frozenset(dropped)) for dropped in combinations(optional, count))


def feasible(graph: AgentGraph, source: NodeId, weights: Weights, budget: Budget) -> list[RepairPath]:
    """Every possible repair, best first: (loss, dropped, weight), then fewer nodes walked, then the alphabet."""
    found = []
    for route, left_out in ways(graph, source):
        called = tuple(node for node in route if node not in left_out)
        dropped = tuple(node for node in route if node in left_out)
        committed = () if source == START else (source,)
        effects = [effect for node in (*committed, *called) if (effect := graph.profile(node).effect)]
        weight = sum(weights[node] for node in called)
        total = sum((graph.worst_case(node) for node in called), start=NOTHING)
        if weight < inf and len(effects) == len(set(effects)) and (not called or budget.allows(total)):
            repair = RepairPath(called, dropped, sum(graph.loss(node) for node in dropped), weight)
            found.append(((repair.loss, len(dropped), weight, len(route), route, called), repair))
    return [repair for _, repair in sorted(found, key=lambda pair: pair[0])]


def test_nothing_is_dropped_while_a_path_exists(build: Build) -> None:
    repair = repair_path(build(chain(a=0.0, b=0.1)), START, EVEN | {"a": 90.0}, UNLIMITED.allows, NOTHING)
    assert repair == RepairPath(("a", "b", "c"), (), 0.0, 92.0)


def test_an_optional_node_that_is_down_is_bypassed_at_its_loss(build: Build) -> None:
    repair = repair_path(build(chain(b=0.1)), "a", EVEN | {"b": inf}, UNLIMITED.allows, NOTHING)
    assert repair == RepairPath(("c",), ("b",), 0.1, 1.0)


def test_a_required_node_that_is_down_leaves_no_repair(build: Build) -> None:
    assert repair_path(build(chain(a=0.1)), START, EVEN | {"b": inf}, UNLIMITED.allows, NOTHING) is None


def test_when_the_budget_is_short_the_cheapest_loss_goes_first(build: Build, profile: MakeProfile) -> None:
    graph = build(chain(a=0.3, b=0.2), *(profile(name, 1) for name in "abc"))
    repair = repair_path(graph, START, EVEN, Budget(max_usd=Decimal(2)).allows, NOTHING)
    assert repair == RepairPath(("a", "c"), ("b",), 0.2, 2.0)


def test_a_heavy_way_without_loss_wins_over_a_light_one_with_loss(build: Build) -> None:
    spec = GraphSpec(
        nodes={"check": AgentNode(agent="check", optional=True, loss=0.05)},
        edges={START: ("check", "long"), "check": ("end",), "long": ("end",), "end": (GOAL,)},
    )
    weights = {"check": inf, "long": 80.0, "end": 1.0}
    repair = repair_path(build(spec), START, weights, UNLIMITED.allows, NOTHING)
    assert repair == RepairPath(("long", "end"), (), 0.0, 81.0)


def test_an_optional_node_that_would_repeat_an_effect_is_dropped(build: Build, profile: MakeProfile) -> None:
    graph = build(chain(b=0.1), profile("a", effect="book"), profile("b", effect="book"))
    assert repair_path(graph, "a", EVEN, UNLIMITED.allows, NOTHING) == RepairPath(("c",), ("b",), 0.1, 1.0)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_repair_is_the_best_of_all_feasible_ones(
    graphs: Graphs, weights_of: WeightsOf, budgets: st.SearchStrategy[Budget], data: st.DataObject
) -> None:
    graph = data.draw(graphs)
    weights, budget = data.draw(weights_of(graph)), data.draw(budgets)
    for source in (START, *graph.nodes):
        expected = feasible(graph, source, weights, budget)
        assert repair_path(graph, source, weights, budget.allows, NOTHING) == (expected[0] if expected else None)
