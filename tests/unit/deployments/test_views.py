"""What a graph looks like over HTTP."""

from __future__ import annotations

from decimal import Decimal

from stigmergy.cli.explanation import why_table
from stigmergy.deployments.views import graph_model, hop_model
from stigmergy.domain import NOTHING
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import Branch, FanOutNode, GraphSpec
from stigmergy.graphs.overlay import Condition, Overlay
from stigmergy.platform.episode.events import DecidedBy, HopChosen, Option
from stigmergy.testing import agent_profile


def test_agents_are_shown_with_their_health_and_fan_outs_with_their_branches() -> None:
    branches = {
        "text": Branch(graph=GraphSpec(stages=(("reader",),))),
        "spam": Branch(graph=GraphSpec(stages=(("sifter",),)), required=False, loss=0.1),
    }
    profiles = {name: agent_profile(name, usd) for name, usd in (("reader", "0.5"), ("sifter", "2"), ("judge", "0.25"))}
    spec = GraphSpec(nodes={"look": FanOutNode(branches=branches)}, stages=(("look",), ("judge",)))
    graph = AgentGraph("moderation", spec, profiles)
    shown = graph_model(graph, ("dijkstra",), Overlay(1, {"judge": Condition(available=False, load=3)}), ())
    look, judge = shown.nodes
    assert (look.name, look.agent, look.description) == ("look", "", "fan-out of text, spam")
    assert look.worst_case_usd == Decimal("0.5")
    assert (judge.name, judge.available, judge.load) == ("judge", False, 3)
    assert [(edge.source, edge.target) for edge in shown.edges] == [
        ("START", "look"),
        ("look", "judge"),
        ("judge", "GOAL"),
    ]


def test_the_only_hop_is_shown_without_a_score_because_no_router_was_asked() -> None:
    option = Option(node="a", score=None, probability=1.0, worst_case=NOTHING, cost_to_go=(NOTHING,))
    only = HopChosen(source="START", node="a", decided_by=DecidedBy.FORCED, probability=1.0, options=(option,))
    told = hop_model(only)
    assert [(each.node, each.score, each.probability) for each in told.options] == [("a", None, 1.0)]
    assert list(why_table([told]).columns[4].cells) == ["-"]
