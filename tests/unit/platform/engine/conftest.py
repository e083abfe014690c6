"""Random fan-outs and panels, and budgets for them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import strategies as st

from stigmergy.domain import AgentProfile, Budget, Price, TokenCaps
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import JOINS, Branch, FanOutNode, GraphSpec, PanelNode

AGENTS = "abcdef"
STAGES = st.lists(st.lists(st.sampled_from(AGENTS), min_size=1, max_size=2, unique=True), min_size=1, max_size=2)


@st.composite
def fan_outs(draw: st.DrawFn, depth: int = 1) -> FanOutNode:
    arms = {}
    for name in ("one", "two", "three")[: draw(st.integers(1, 3))]:
        spec = staged(draw(STAGES), draw(forks(depth - 1)) if depth and draw(st.booleans()) else None)
        arms[name] = Branch(graph=spec, required=name == "one" or draw(st.booleans()))
    join = draw(st.sampled_from(JOINS))
    stop_at = draw(st.none() | st.sampled_from((0.4, 1.0))) if join.endswith("vote") else None
    return FanOutNode(branches=arms, join=join, stop_at=stop_at)


@st.composite
def panels(draw: st.DrawFn) -> PanelNode:
    agents = draw(st.lists(st.sampled_from(AGENTS), min_size=1, max_size=4, unique=True))
    return PanelNode(agents=tuple(agents), max_asks=draw(st.none() | st.integers(1, len(agents))))


def forks(depth: int = 1) -> st.SearchStrategy[FanOutNode | PanelNode]:
    return fan_outs(depth) | panels()


def staged(stages: list[list[str]], fan: FanOutNode | PanelNode | None) -> GraphSpec:
    """The stages, no agent twice; the fan-out or panel, if there is one, beside the agents of the last."""
    seen: set[str] = set()
    fresh = [tuple(n for n in stage if not (n in seen or seen.add(n))) for stage in stages]  # type: ignore[func-returns-value]
    kept = [stage for stage in fresh if stage]
    if fan is None:
        return GraphSpec(stages=tuple(kept))
    return GraphSpec(nodes={"fan": fan}, stages=(*kept[:-1], (*kept[-1], "fan")))


@st.composite
def graphs(draw: st.DrawFn) -> AgentGraph:
    spec = staged(draw(STAGES), draw(forks()))
    profiles = {
        name: AgentProfile(
            id=name,
            price=Price(per_call=Decimal(draw(st.integers(0, 3)))),
            caps=TokenCaps(draw(st.integers(0, 3)), 0, 1),
            timeout_s=0.05,
        )
        for name in AGENTS
    }
    return AgentGraph("linear", spec, profiles)


@st.composite
def budgets(draw: st.DrawFn) -> Budget:
    usd = draw(st.none() | st.integers(0, 14).map(Decimal))
    return Budget(usd, draw(st.none() | st.integers(0, 14)), draw(st.none() | st.integers(1, 10)))


@pytest.fixture(scope="session")
def fan_out_graphs() -> st.SearchStrategy[AgentGraph]:
    """Random graphs that end in a fan-out, some with another one or a panel inside, or in a panel."""
    return graphs()


@pytest.fixture(scope="session")
def fan_out_budgets() -> st.SearchStrategy[Budget]:
    """Random budgets, some without limits, some too small."""
    return budgets()
