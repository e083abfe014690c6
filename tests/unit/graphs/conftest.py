"""Builders and random graphs for this room's tests. Figures are small whole numbers, so that sums are exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import inf

import pytest
from hypothesis import strategies as st

from stigmergy.domain import GOAL, START, AgentProfile, Budget, NodeId, Price, TokenCaps
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, GraphSpec

NAMES = ("delta", "alpha", "echo", "bravo", "foxtrot", "charlie")


def _profile(
    agent: str, usd: float | str = 0, effect: str | None = None, caps: TokenCaps | None = None
) -> AgentProfile:
    price = Price(per_call=Decimal(str(usd)))
    return AgentProfile(id=agent, price=price, caps=caps or TokenCaps(10, 5, 1), effect=effect)


@pytest.fixture(scope="session")
def profile() -> Callable[..., AgentProfile]:
    """``profile(agent, usd=0, effect=None, caps=...)``."""
    return _profile


@pytest.fixture(scope="session")
def build() -> Callable[..., AgentGraph]:
    """``build(spec, *profiles)``: a graph in which agents without a given profile are free."""

    def graph(spec: GraphSpec, *profiles: AgentProfile) -> AgentGraph:
        named = {name for row in spec.stages for name in row} | set(spec.edges) | {START, GOAL}
        named |= {target for targets in spec.edges.values() for target in targets}
        free = {name: _profile(name) for name in named}
        return AgentGraph("demo", spec, free | {p.id: p for p in profiles})

    return graph


def _edges(draw: st.DrawFn, names: tuple[NodeId, ...]) -> Mapping[NodeId, tuple[NodeId, ...]]:
    """Random edges along ``names`` that put every name on a way from START to GOAL."""
    edges: dict[NodeId, set[NodeId]] = {name: set() for name in (START, *names)}
    for i, name in enumerate(names):
        for source in draw(st.sets(st.sampled_from((START, *names[:i])), min_size=1)):
            edges[source].add(name)
    for name in names:
        if not edges[name] or draw(st.booleans()):
            edges[name].add(GOAL)
    return {source: tuple(targets) for source, targets in edges.items()}


@st.composite
def _graphs(draw: st.DrawFn) -> AgentGraph:
    names = tuple(draw(st.permutations(NAMES)))[: draw(st.integers(1, len(NAMES)))]
    small, losses = st.integers(0, 4), st.sampled_from((0.0, 0.25, 0.5))
    effects = st.sampled_from((None, None, None, "book"))
    profiles = {
        name: _profile(name, draw(small), draw(effects), TokenCaps(draw(small), 0, draw(st.integers(1, 2))))
        for name in names
    }
    nodes = {name: AgentNode(agent=name, optional=draw(st.booleans()), loss=draw(losses)) for name in names}
    return AgentGraph("random", GraphSpec(nodes=nodes, edges=_edges(draw, names)), profiles)


@pytest.fixture(scope="session")
def graphs() -> st.SearchStrategy[AgentGraph]:
    """Random graphs of one to six nodes; some optional, some with an effect."""
    return _graphs()


@pytest.fixture(scope="session")
def weights_of() -> Callable[[AgentGraph], st.SearchStrategy[dict[NodeId, float]]]:
    """Random whole weights for a graph's nodes; some infinite."""

    def weights(graph: AgentGraph) -> st.SearchStrategy[dict[NodeId, float]]:
        return st.fixed_dictionaries({node: st.sampled_from((0.0, 1.0, 1.0, 2.0, 3.0, inf)) for node in graph.nodes})

    return weights


@pytest.fixture(scope="session")
def budgets() -> st.SearchStrategy[Budget]:
    """Random budgets, some without limits."""
    usd = st.none() | st.integers(0, 12).map(Decimal)
    return st.builds(Budget, usd, st.none() | st.integers(0, 16), st.none() | st.integers(0, 8))
