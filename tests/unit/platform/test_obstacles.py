"""An escalation names what closes every way: no less, and nothing that does not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stigmergy.domain import START, AgentProfile, Budget, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, Branch, FanOutNode, GraphSpec
from stigmergy.graphs.overlay import Condition, Overlay
from stigmergy.graphs.weights import WeightModel
from stigmergy.platform.episode.events import Escalated
from stigmergy.platform.episode.state import EpisodeState
from stigmergy.platform.healing import Healing

Make = Callable[..., AgentProfile]


def reason(graph: AgentGraph, down: str = "", route: tuple[NodeId, ...] = (), **state: Any) -> str:
    overlay = Overlay(1, {agent: Condition(available=False) for agent in down.split()})
    stood = EpisodeState(position=(START, *route)[-1], route=route, **state)
    healed = Healing(WeightModel()).heal(graph, stood, overlay, Budget(), "why")
    assert isinstance(healed, Escalated)
    return healed.reason.removeprefix("no feasible path is left: ")


def test_every_alternative_of_the_closed_stage_is_named_and_no_agent_of_another(
    staged: Callable[..., AgentGraph], profile: Make
) -> None:
    graph = staged([[profile("crm")], [profile("stripe"), profile("razorpay")], [profile("mail"), profile("sms")]])
    assert reason(graph, "stripe razorpay mail") == "why; closed: razorpay is down, stripe is down"


def test_who_is_down_where_another_way_goes_on_is_not_named(staged: Callable[..., AgentGraph], profile: Make) -> None:
    graph = staged([[profile("stripe"), profile("razorpay")], [profile("mail"), profile("sms")]])
    assert reason(graph, "stripe mail sms") == "why; closed: mail is down, sms is down"


def test_an_agent_that_was_given_up_in_this_episode_is_told_from_one_that_is_down(
    staged: Callable[..., AgentGraph], profile: Make
) -> None:
    graph = staged([[profile("stripe"), profile("razorpay")]])
    assert reason(graph, "stripe", excluded=frozenset({"razorpay"})) == (
        "why; closed: razorpay was given up, stripe is down"
    )


def test_a_side_effect_that_must_not_be_repeated_is_named(staged: Callable[..., AgentGraph], profile: Make) -> None:
    graph = staged([[profile("a", effect="book"), profile("b", effect="book")]])
    assert reason(graph, excluded=frozenset({"a"}), in_doubt=frozenset({"book"})) == (
        "why; closed: a was given up, b would repeat 'book'"
    )


def test_what_may_be_dropped_is_in_nobodys_way(profile: Make) -> None:
    nodes = {"a": AgentNode(agent="a", optional=True, loss=0.1), "b": AgentNode(agent="x")}
    graph = AgentGraph("g", GraphSpec(nodes=nodes, stages=(("a",), ("b",))), {n: profile(n) for n in "ax"})
    assert reason(graph, "a x") == "why; closed: b (x) is down"


def test_in_a_fan_out_only_required_branches_are_named(profile: Make) -> None:
    arms = {name: Branch(graph=GraphSpec(stages=((name,),)), required=name != "c") for name in "abc"}
    spec = GraphSpec(nodes={"fan": FanOutNode(branches=arms)}, stages=(("fan",),))
    graph = AgentGraph("g", spec, {n: profile(n) for n in "abc"})
    assert reason(graph, "a c") == "why; closed: fan/a/a is down"
    assert reason(graph, excluded=frozenset({"fan"})) == "why; closed: fan was given up"


def test_where_a_way_is_open_and_only_too_dear_nothing_is_called_closed(
    staged: Callable[..., AgentGraph], profile: Make
) -> None:
    graph = staged([[profile("a", 5), profile("b", 9)]])
    healed = Healing(WeightModel()).heal(
        graph, EpisodeState(), Overlay(1, {"a": Condition(available=False)}), Budget(max_calls=0), "too dear"
    )
    assert isinstance(healed, Escalated)
    assert healed.reason == "no feasible path is left: too dear"
