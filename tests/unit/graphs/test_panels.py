from __future__ import annotations

from decimal import Decimal

import pytest

from stigmergy.domain import AgentProfile
from stigmergy.errors import InvalidPanel, UnknownAgent
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec, PanelNode
from stigmergy.graphs.overlay import ALL_HEALTHY
from stigmergy.graphs.weights import WeightModel, node_weights
from stigmergy.testing import agent_profile

PROFILES: dict[str, AgentProfile] = {
    "a": agent_profile("a", 1),
    "b": agent_profile("b", 2),
    "c": agent_profile("c", 4),
    "books": agent_profile("books", 1, effect="book"),
}


def graph(*agents: str, max_asks: int | None = None, node: str = "ask") -> AgentGraph:
    spec = GraphSpec(nodes={node: PanelNode(agents=agents, max_asks=max_asks)}, stages=((node,),))
    return AgentGraph("g", spec, PROFILES)


def test_a_panel_costs_at_most_what_its_dearest_agents_do() -> None:
    assert [graph("a", "b", "c", max_asks=n).worst_case("ask").usd for n in (1, 2, 3, None)] == [4, 6, 7, 7]
    assert graph("a", "b", "c", max_asks=2).cheapest().usd == Decimal(6)
    assert graph("a", "b", "c").agents == {"a", "b", "c"}


def test_a_panel_weighs_its_lightest_agents() -> None:
    one, two = (graph("a", "b", max_asks=n) for n in (1, 2))
    light, heavy = (node_weights(each, ALL_HEALTHY, WeightModel())["ask"] for each in (one, two))
    assert 0 < light < heavy


def test_another_rule_or_number_of_asks_is_another_version() -> None:
    assert graph("a", "b", max_asks=1).version != graph("a", "b").version


@pytest.mark.parametrize(
    ("agents", "facts", "reason"),
    [
        ((), {}, "it has no agents"),
        (("a", "a"), {}, "agent 'a' is named twice"),
        (("a", "b"), {"max_asks": 3}, "max_asks 3: it must be from 1 to its 2 agents"),
        (("a",), {"max_asks": 0}, "max_asks 0"),
        (("a",), {"node": "x/y"}, "the name 'x/y' is empty or has a '/'"),
        (("a", "books"), {}, "its agents may do 'book'"),
    ],
)
def test_a_panel_that_cannot_be_asked_is_refused(agents: tuple[str, ...], facts: dict[str, int], reason: str) -> None:
    with pytest.raises(InvalidPanel, match=reason):
        graph(*agents, **facts)  # type: ignore[arg-type]


def test_an_unknown_agent_of_a_panel_is_named() -> None:
    with pytest.raises(UnknownAgent, match="nobody"):
        graph("a", "nobody")
