"""Which specifications are refused, and in which words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stigmergy.domain import ESCALATION, GOAL, START
from stigmergy.errors import CycleFound, DuplicateName, GoalUnreachable, GraphError, InvalidFanOut, UnknownAgent
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, Branch, FanOutNode, GraphSpec
from stigmergy.graphs.structure import edges_of, nodes_of

Build = Callable[..., AgentGraph]


def fan_out(**branches: Branch) -> GraphSpec:
    return GraphSpec(nodes={"both": FanOutNode(branches=branches)}, stages=(("both",),))


def test_edges_and_stages_add_up() -> None:
    spec = GraphSpec(stages=(("a",), ("b",)), edges={"a": (GOAL, "b")})
    assert edges_of(spec) == [(START, "a"), ("a", GOAL), ("a", "b"), ("b", GOAL)]


def test_a_declared_node_wins_over_the_agent_of_its_name() -> None:
    declared = AgentNode(agent="other")
    assert nodes_of(GraphSpec(nodes={"a": declared}, stages=(("a", "b"),))) == {
        "a": declared,
        "b": AgentNode(agent="b"),
    }


@pytest.mark.parametrize(
    "spec",
    [
        GraphSpec(stages=(("a", "a"),)),
        GraphSpec(stages=(("a",), ("b",), ("a",))),
    ],
)
def test_a_name_used_twice_is_named(build: Build, spec: GraphSpec) -> None:
    with pytest.raises(DuplicateName, match="the name 'a' is used twice"):
        build(spec)


@pytest.mark.parametrize("name", [START, GOAL, ESCALATION])
def test_reserved_names_are_refused(build: Build, name: str) -> None:
    for spec in (GraphSpec(nodes={name: AgentNode(agent="a")}), GraphSpec(stages=((name,),))):
        with pytest.raises(DuplicateName, match=f"'{name}'.*START and GOAL are reserved"):
            build(spec)


def test_an_unknown_agent_is_named_beside_the_known_ones() -> None:
    with pytest.raises(UnknownAgent, match="no agent 'ghost' is declared; known agents: none"):
        AgentGraph("demo", GraphSpec(stages=(("ghost",),)), {})


def test_an_unknown_escalation_agent_is_named(build: Build) -> None:
    with pytest.raises(UnknownAgent, match="'human'"):
        build(GraphSpec(stages=(("a",),), escalation="human"))


def test_a_cycle_is_named_in_the_error(build: Build) -> None:
    with pytest.raises(CycleFound, match="a -> b -> a"):
        build(GraphSpec(edges={START: ("a",), "a": ("b",), "b": ("a", GOAL)}))


@pytest.mark.parametrize(
    ("edges", "error"),
    [
        ({START: ("a",), "a": (START, GOAL)}, CycleFound),
        ({START: ("a",), "a": (GOAL,), GOAL: ("a",)}, CycleFound),
        ({START: ("a",), "a": (GOAL,), "b": (START,)}, GoalUnreachable),
        ({START: ("a",), "a": (GOAL,), GOAL: ("b",)}, GoalUnreachable),
    ],
)
def test_nothing_leads_into_start_or_out_of_goal(
    build: Build, edges: dict[str, tuple[str, ...]], error: type[GraphError]
) -> None:
    with pytest.raises(error):
        build(GraphSpec(edges=edges))


@pytest.mark.parametrize(
    ("spec", "lost"),
    [
        (GraphSpec(edges={START: ("a", "b"), "a": (GOAL,)}), "b"),
        (GraphSpec(edges={START: ("a",), "a": (GOAL,), "b": (GOAL,)}), "b"),
        (GraphSpec(stages=(("a",), (), ("b",))), "a, b"),
        (GraphSpec(), "START"),
    ],
)
def test_nodes_on_no_way_to_goal_are_named(build: Build, spec: GraphSpec, lost: str) -> None:
    with pytest.raises(GoalUnreachable, match=f"no way from START through {lost} to GOAL"):
        build(spec)


def test_a_declared_node_that_no_edge_uses_is_named(build: Build) -> None:
    with pytest.raises(GoalUnreachable, match="through idle to GOAL"):
        build(GraphSpec(nodes={"idle": AgentNode(agent="a")}, stages=(("a",),)))


def test_a_fan_out_without_branches_is_refused(build: Build) -> None:
    with pytest.raises(InvalidFanOut, match="'both': it has no branches"):
        build(fan_out())


def test_a_fan_out_with_optional_branches_alone_is_refused(build: Build) -> None:
    with pytest.raises(InvalidFanOut, match="every branch is optional"):
        build(fan_out(one=Branch(graph=GraphSpec(stages=(("a",),)), required=False)))


def test_a_broken_branch_is_named_with_its_mistake(build: Build) -> None:
    with pytest.raises(InvalidFanOut, match="'both': branch 'one': no agent 'ghost' is declared"):
        build(fan_out(one=Branch(graph=GraphSpec(stages=(("ghost",),)))))
