"""Sweeps over arrays, against the plain recursion."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL, START, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.cost_to_go import potentials

Graphs = st.SearchStrategy[AgentGraph]
WeightsOf = Callable[[AgentGraph], st.SearchStrategy[dict[NodeId, float]]]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_lies_ahead_is_what_the_recursion_says(graphs: Graphs, weights_of: WeightsOf, data: st.DataObject) -> None:
    graph = data.draw(graphs)
    weights = data.draw(weights_of(graph))

    def ahead(node: NodeId) -> float:
        if node == GOAL:
            return 0.0
        return min((0.0 if s == GOAL else weights[s]) + ahead(s) for s in graph.successors(node))

    found = potentials(graph, weights)
    assert set(found) == set(graph.order)
    for node, value in found.items():
        assert value == ahead(node) if ahead(node) == inf else value == pytest.approx(ahead(node))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_goal_has_the_first_place_and_start_the_last(graphs: Graphs, data: st.DataObject) -> None:
    graph = data.draw(graphs)
    assert (graph.layout.nodes[0], graph.layout.nodes[-1]) == (GOAL, START)
    assert sorted(graph.layout.nodes) == sorted(graph.order)
