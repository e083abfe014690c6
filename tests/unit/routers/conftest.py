"""Builders and random graphs for this room's tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from stigmergy.domain import GOAL, NO_USAGE, START, AgentProfile, Mixture, NodeId, Price, TokenCaps
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.graphs.overlay import ALL_HEALTHY, Overlay
from stigmergy.routers.base import Outcome, QueryFeatures, RoutingState, StepOutcome
from stigmergy.routers.feasibility import Mask

NAMES = ("delta", "alpha", "echo", "bravo", "foxtrot", "charlie")


def _profile(agent: str, usd: float | str = 0, caps: TokenCaps | None = None, **facts: Any) -> AgentProfile:
    price = Price(per_call=Decimal(str(usd)))
    return AgentProfile(id=agent, price=price, caps=caps or TokenCaps(10, 5, 1), **facts)


@pytest.fixture(scope="session")
def profile() -> Callable[..., AgentProfile]:
    """``profile(agent, usd=0, caps=..., **facts)``."""
    return _profile


def _build(stages: tuple[tuple[NodeId, ...], ...], *profiles: AgentProfile, **spec: Any) -> AgentGraph:
    names = {name for row in (*stages, spec.get("edges", ())) for name in row}
    free = {name: _profile(name) for name in names}
    return AgentGraph("demo", GraphSpec(stages=stages, **spec), free | {p.id: p for p in profiles})


@pytest.fixture(scope="session")
def build() -> Callable[..., AgentGraph]:
    """``build(stages, *profiles, **spec)``: a graph in which agents without a given profile are free."""
    return _build


@pytest.fixture(scope="session")
def state_at() -> Callable[..., RoutingState]:
    """``state_at(graph, position, mixture, overlay, **mask)``: the state with the candidates that the mask leaves."""

    def state(
        graph: AgentGraph,
        position: NodeId = START,
        mixture: Mixture | None = None,
        overlay: Overlay = ALL_HEALTHY,
        **mask: Any,
    ) -> RoutingState:
        candidates = Mask().candidates(graph, position, overlay=overlay, **mask).candidates
        query = QueryFeatures(np.zeros(4, np.float32), mixture or {"math": 1.0}, 0.5, "test")
        return RoutingState(query=query, graph=graph, position=position, candidates=candidates, overlay=overlay)

    return state


@pytest.fixture(scope="session")
def outcome() -> Callable[..., Outcome]:
    """``outcome(route, quality=1.0, cost_usd=0.0, **facts)``: a finished episode on the graph ``demo``."""

    def finished(
        route: tuple[NodeId, ...], quality: float | None = 1.0, cost_usd: float = 0.0, **facts: Any
    ) -> Outcome:
        steps = tuple(
            StepOutcome(source=source, node=node, agent=node, usage=NO_USAGE, judgement=None)
            for source, node in zip((START, *route), route, strict=False)
        )
        given = {"episode_id": "e", "graph": "demo", "mixture": {"math": 1.0}, "steps": steps}
        return Outcome(**{**given, "quality": quality, "cost_usd": cost_usd, **facts})

    return finished


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
    small, effects = st.integers(0, 4), st.sampled_from((None, None, "book", "pay"))
    profiles = {
        name: _profile(name, draw(small), TokenCaps(draw(small), 0, draw(st.integers(1, 2))), effect=draw(effects))
        for name in names
    }
    return AgentGraph("demo", GraphSpec(edges=_edges(draw, names)), profiles)


@pytest.fixture(scope="session")
def graphs() -> st.SearchStrategy[AgentGraph]:
    """Random graphs of one to six nodes with different prices, tokens, calls and effects."""
    return _graphs()
