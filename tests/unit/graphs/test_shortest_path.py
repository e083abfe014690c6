"""Dijkstra and the k best, against every route there is and against networkx."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL, START, NodeId
from stigmergy.errors import UnknownNode
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.graphs.shortest_path import Path, Weights, all_paths, k_shortest_paths, shortest_path

Build = Callable[..., AgentGraph]
Graphs = st.SearchStrategy[AgentGraph]
WeightsOf = Callable[[AgentGraph], st.SearchStrategy[dict[NodeId, float]]]
TWO_BY_TWO = GraphSpec(stages=(("a", "b"), ("c", "d")))
EVEN = {"a": 1.0, "b": 1.0, "c": 2.0, "d": 2.0}


def routes(graph: AgentGraph, source: NodeId) -> Iterator[tuple[NodeId, ...]]:
    return (tuple(nodes[1:-1]) for nodes in nx.all_simple_paths(graph.digraph, source, GOAL))


def best_first(graph: AgentGraph, source: NodeId, weights: Weights) -> list[Path]:
    paths = (Path(nodes, sum(weights[node] for node in nodes)) for nodes in routes(graph, source))
    finite = (path for path in paths if path.weight < inf)
    return sorted(finite, key=lambda path: (path.weight, len(path.nodes), path.nodes))


def test_equal_weights_are_decided_by_the_alphabet(build: Build) -> None:
    assert shortest_path(build(TWO_BY_TWO), START, EVEN) == Path(("a", "c"), 3.0)


def test_among_equal_weights_fewer_nodes_win(build: Build) -> None:
    graph = build(GraphSpec(edges={START: ("a", "z"), "a": ("b",), "b": (GOAL,), "z": (GOAL,)}))
    assert shortest_path(graph, START, {"a": 1.0, "b": 1.0, "z": 2.0}) == Path(("z",), 2.0)


def test_a_path_starts_after_its_source(build: Build) -> None:
    assert shortest_path(build(TWO_BY_TWO), "b", EVEN) == Path(("c",), 2.0)
    assert shortest_path(build(TWO_BY_TWO), "c", EVEN) == Path((), 0.0)


def test_what_is_down_is_never_entered_but_may_be_left(build: Build) -> None:
    graph = build(TWO_BY_TWO)
    assert shortest_path(graph, "a", EVEN | {"a": inf, "c": inf}) == Path(("d",), 2.0)
    assert shortest_path(graph, START, EVEN | {"c": inf, "d": inf}) is None
    assert k_shortest_paths(graph, START, EVEN | {"c": inf, "d": inf}, 3) == ()


def test_an_unknown_source_is_refused(build: Build) -> None:
    with pytest.raises(UnknownNode, match="no node 'z'"):
        shortest_path(build(TWO_BY_TWO), "z", EVEN)


def test_the_k_best_come_in_order(build: Build) -> None:
    weights = {"a": 1.0, "b": 5.0, "c": 1.0, "d": 2.0}
    best = k_shortest_paths(build(TWO_BY_TWO), START, weights, 3)
    assert best == (Path(("a", "c"), 2.0), Path(("a", "d"), 3.0), Path(("b", "c"), 6.0))


def test_all_paths_come_in_alphabetical_order(build: Build) -> None:
    assert list(all_paths(build(TWO_BY_TWO))) == [("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_shortest_path_is_the_first_of_all_routes(
    graphs: Graphs, weights_of: WeightsOf, data: st.DataObject
) -> None:
    graph = data.draw(graphs)
    weights = data.draw(weights_of(graph))
    for source in (START, *graph.nodes):
        expected = best_first(graph, source, weights)
        assert shortest_path(graph, source, weights) == (expected[0] if expected else None)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_shortest_path_weighs_what_networkx_finds(
    graphs: Graphs, weights_of: WeightsOf, data: st.DataObject
) -> None:
    graph = data.draw(graphs)
    weights = data.draw(weights_of(graph)) | {GOAL: 0.0}
    weighed: nx.DiGraph[NodeId] = nx.DiGraph()
    weighed.add_nodes_from(graph.order)
    weighed.add_weighted_edges_from((s, t, weights[t]) for s, t in graph.digraph.edges if weights[t] < inf)
    found = shortest_path(graph, START, weights)
    if found is None:
        assert not nx.has_path(weighed, START, GOAL)
    else:
        assert found.weight == nx.dijkstra_path_length(weighed, START, GOAL)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), k=st.integers(1, 8))
def test_the_k_best_are_the_first_k_of_all_routes(
    graphs: Graphs, weights_of: WeightsOf, data: st.DataObject, k: int
) -> None:
    graph = data.draw(graphs)
    weights = data.draw(weights_of(graph))
    assert list(k_shortest_paths(graph, START, weights, k)) == best_first(graph, START, weights)[:k]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_all_paths_are_those_that_networkx_finds(graphs: Graphs, data: st.DataObject) -> None:
    graph = data.draw(graphs)
    assert list(all_paths(graph)) == sorted(routes(graph, START), key=lambda nodes: (*nodes, GOAL))
