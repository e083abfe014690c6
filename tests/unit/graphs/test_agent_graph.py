"""What an agent graph is once it is built."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL, NOTHING, START, AgentProfile, Spend
from stigmergy.errors import DuplicateName, InvalidFanOut, UnknownNode
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, Branch, FanOutNode, GraphSpec, Node

Build = Callable[..., AgentGraph]
MakeProfile = Callable[..., AgentProfile]
CHAIN = GraphSpec(stages=(("a",), ("b", "c")))


@pytest.fixture
def fan_out(build: Build, profile: MakeProfile) -> AgentGraph:
    arm = Branch(graph=GraphSpec(stages=(("x",),)))
    extra = Branch(graph=GraphSpec(stages=(("y",),)), required=False, loss=0.1)
    spec = GraphSpec(
        nodes={"both": FanOutNode(branches={"one": arm, "two": extra})}, stages=(("a",), ("both",)), escalation="human"
    )
    return build(spec, profile("x"), profile("y"), profile("human", 9))


def test_stages_and_the_edges_they_stand_for_make_equal_graphs(build: Build) -> None:
    written_out = GraphSpec(edges={START: ("a",), "a": ("c", "b"), "b": (GOAL,), "c": (GOAL,)})
    assert build(CHAIN) == build(written_out)
    assert hash(build(CHAIN)) == hash(build(written_out))
    assert build(CHAIN) != "demo"


def test_a_join_by_an_agent_is_a_concatenation_and_the_node_of_that_agent(build: Build, profile: MakeProfile) -> None:
    arms = {"one": Branch(graph=GraphSpec(stages=(("x",),)))}
    short = FanOutNode(branches=arms, join="refine", refiner="c")
    long: dict[str, Node] = {"fan": FanOutNode(branches=arms, join="concatenate"), "fan.refined": AgentNode(agent="c")}
    built = build(GraphSpec(nodes={"fan": short}, stages=(("a",), ("fan", "b"))), profile("x"), profile("c"))
    edges = {START: ("a",), "a": ("fan", "b"), "b": (GOAL,), "fan": ("fan.refined",), "fan.refined": (GOAL,)}
    assert built == build(GraphSpec(nodes=long, edges=edges), profile("x"), profile("c"))


@pytest.mark.parametrize("facts", [{"join": "refine"}, {"join": "vote", "refiner": "c"}])
def test_a_join_by_an_agent_needs_one_and_no_other_join_takes_one(build: Build, facts: dict[str, Any]) -> None:
    fan = FanOutNode(branches={"one": Branch(graph=GraphSpec(stages=(("b",),)))}, **facts)
    with pytest.raises(InvalidFanOut, match="go together"):
        build(GraphSpec(nodes={"fan": fan}, stages=(("fan",),)))


def test_the_node_of_a_refiner_has_a_name_of_its_own(build: Build) -> None:
    fan = FanOutNode(branches={"one": Branch(graph=GraphSpec(stages=(("b",),)))}, join="refine", refiner="c")
    nodes: dict[str, Node] = {"fan": fan, "fan.refined": AgentNode(agent="a")}
    with pytest.raises(DuplicateName):
        build(GraphSpec(nodes=nodes, stages=(("fan",), ("fan.refined",))))


def test_a_dearer_agent_makes_another_version(build: Build, profile: MakeProfile) -> None:
    assert build(CHAIN).version != build(CHAIN, profile("a", "0.1")).version


def test_one_price_written_in_two_ways_makes_one_version(build: Build, profile: MakeProfile) -> None:
    assert build(CHAIN, profile("a", "0.1")) == build(CHAIN, profile("a", "0.10"))


def test_a_branch_and_the_escalation_agent_count_in_the_version(fan_out: AgentGraph, profile: MakeProfile) -> None:
    profiles = {name: profile(name) for name in ("a", "x", "y")}
    dearer_human = AgentGraph("demo", fan_out.spec, profiles | {"human": profile("human", 10)})
    dearer_branch = AgentGraph("demo", fan_out.spec, profiles | {"human": profile("human", 9), "x": profile("x", 1)})
    assert len({fan_out.version, dearer_human.version, dearer_branch.version}) == 3


def test_order_is_topological_and_ties_are_alphabetical(build: Build) -> None:
    graph = build(CHAIN)
    assert graph.order == (START, "a", "b", "c", GOAL)
    assert graph.nodes == ("a", "b", "c")
    assert graph.successors("a") == ("b", "c")
    assert graph.predecessors(GOAL) == ("b", "c")


def test_the_networkx_graph_cannot_be_changed(build: Build) -> None:
    with pytest.raises(nx.NetworkXError, match=r"[Ff]rozen"):
        build(CHAIN).digraph.add_edge("b", "c")


def test_a_profile_serves_every_node_that_names_its_agent(build: Build) -> None:
    spec = GraphSpec(
        nodes={"first": AgentNode(agent="a"), "again": AgentNode(agent="a")}, stages=(("first",), ("again",), ("b",))
    )
    graph = build(spec, *(build(CHAIN).profile(name) for name in ("a", "b")))
    assert graph.profile("again").id == "a"
    assert graph.nodes_with({"a"}) == {"first", "again"}
    assert graph.agents == {"a", "b"}


def test_worst_cases_are_those_of_the_agents_and_nothing_at_the_ends(build: Build, profile: MakeProfile) -> None:
    graph = build(CHAIN, profile("a", "0.25"))
    assert graph.worst_case("a") == Spend(Decimal("0.25"), 15, 1)
    assert graph.worst_case(START) == graph.worst_case(GOAL) == NOTHING


def test_only_optional_nodes_have_a_loss(build: Build) -> None:
    nodes = {"a": AgentNode(agent="a", optional=True, loss=0.2), "b": AgentNode(agent="b", loss=0.2)}
    graph = build(GraphSpec(nodes=nodes, stages=(("a",), ("b",))))
    assert (graph.is_optional("a"), graph.loss("a")) == (True, 0.2)
    assert (graph.is_optional("b"), graph.loss("b")) == (False, 0.0)
    assert (graph.is_optional(GOAL), graph.loss(GOAL)) == (False, 0.0)


@pytest.mark.parametrize("question", ["node", "profile", "worst_case", "successors", "predecessors"])
def test_asking_about_an_unknown_node_names_the_known_ones(build: Build, question: str) -> None:
    with pytest.raises(UnknownNode, match=r"no node 'z' in this graph; its nodes: .*a, b, c"):
        getattr(build(CHAIN), question)("z")


def test_a_fan_out_holds_its_branches_as_graphs(fan_out: AgentGraph) -> None:
    assert {name: arm.nodes for name, arm in fan_out.branches["both"].items()} == {"one": ("x",), "two": ("y",)}
    assert fan_out.agents == {"a", "x", "y", "human"}
    assert fan_out.branches["both"]["one"].name == "demo/both/one"
    assert isinstance(fan_out.node("both"), FanOutNode)


def test_the_worst_case_of_a_fan_out_is_that_of_its_required_branches(fan_out: AgentGraph) -> None:
    assert fan_out.worst_case("both") == fan_out.branches["both"]["one"].worst_case("x")
    assert set(fan_out.required("both")) == {"one"}


def test_a_pickled_fan_out_comes_back_equal(fan_out: AgentGraph) -> None:
    copy = pickle.loads(pickle.dumps(fan_out))
    assert copy == fan_out
    assert copy.escalation == fan_out.escalation
    assert copy.branches["both"]["two"] == fan_out.branches["both"]["two"]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_graph_survives_pickling(graphs: st.SearchStrategy[AgentGraph], data: st.DataObject) -> None:
    graph = data.draw(graphs)
    copy = pickle.loads(pickle.dumps(graph))
    assert copy == graph
    assert (copy.name, copy.spec, copy.order) == (graph.name, graph.spec, graph.order)
    assert "AgentGraph('random'" in repr(copy)
