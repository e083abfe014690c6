"""The mask, against every route there is."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL, NOTHING, START, AgentProfile, Budget, NodeId, Spend, TokenCaps
from stigmergy.errors import BudgetTooSmall, UnknownNode
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import Branch, FanOutNode, GraphSpec
from stigmergy.graphs.overlay import Condition, Overlay
from stigmergy.routers.feasibility import Mask, MaskResult

Build = Callable[..., AgentGraph]
MakeProfile = Callable[..., AgentProfile]
BUDGETS = st.builds(
    Budget,
    st.none() | st.integers(0, 12).map(Decimal),
    st.none() | st.integers(0, 16),
    st.none() | st.integers(0, 8),
)


def names(result: MaskResult) -> tuple[NodeId, ...]:
    return tuple(candidate.node for candidate in result.candidates)


def down(*agents: str) -> Overlay:
    return Overlay(1, dict.fromkeys(agents, Condition(available=False)))


def routes_from(graph: AgentGraph, source: NodeId, closed: frozenset[NodeId], held: frozenset[str]) -> list[Spend]:
    """Worst cases of every route after ``source`` that enters no closed node and takes no effect twice."""
    found = []
    for route in nx.all_simple_paths(graph.digraph, source, GOAL) if source != GOAL else [[GOAL]]:
        nodes = route[1:-1]
        effects = [e for node in nodes if (e := graph.profile(node).effect) is not None]
        if closed.isdisjoint(nodes) and held.isdisjoint(effects) and len(set(effects)) == len(effects):
            found.append(sum((graph.worst_case(node) for node in nodes), NOTHING))
    return found


def feasible_by_trial(graph: AgentGraph, used: Spend, budget: Budget, closed: frozenset[NodeId]) -> set[NodeId]:
    found = set()
    for node in graph.successors(START):
        effect = None if node == GOAL else graph.profile(node).effect
        held = frozenset() if effect is None else frozenset((effect,))
        ways = routes_from(graph, node, closed, held) if node not in closed else []
        if any(budget.allows(used + graph.worst_case(node) + way) for way in ways):
            found.add(node)
    return found


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_hop_is_feasible_exactly_when_some_route_over_it_fits(
    data: st.DataObject, graphs: st.SearchStrategy[AgentGraph]
) -> None:
    graph, budget = data.draw(graphs), data.draw(BUDGETS)
    out = frozenset(data.draw(st.sets(st.sampled_from(graph.nodes), max_size=2)))
    used = Spend(Decimal(data.draw(st.integers(0, 3))), data.draw(st.integers(0, 3)), 0)
    masked = Mask().candidates(graph, START, spent=used, earmarked=used, budget=budget, excluded=out)
    assert set(names(masked)) == feasible_by_trial(graph, used + used, budget, out)
    assert {*names(masked), *(node for node, _ in masked.refused)} == set(graph.successors(START))


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_no_router_is_ever_cornered_or_overspends(data: st.DataObject, graphs: st.SearchStrategy[AgentGraph]) -> None:
    graph, budget, mask = data.draw(graphs), data.draw(BUDGETS), Mask()
    overlay = down(*data.draw(st.sets(st.sampled_from(graph.nodes), max_size=1)))
    position, spent, effects = START, NOTHING, frozenset[str]()
    masked = mask.candidates(graph, position, budget=budget, overlay=overlay)
    while masked.candidates and position != GOAL:
        position = data.draw(st.sampled_from(names(masked)))
        spent = spent + graph.worst_case(position)
        assert budget.allows(spent)
        if position != GOAL:
            effect = graph.profile(position).effect
            assert effect not in effects
            effects |= frozenset() if effect is None else {effect}
            masked = mask.candidates(
                graph, position, spent=spent, budget=budget, overlay=overlay, locked_effects=effects
            )
            assert masked.candidates, "cornered"


def test_goal_is_a_candidate_without_cost(build: Build) -> None:
    graph = build((("only",),))
    (goal,) = Mask().candidates(graph, "only", budget=Budget(Decimal(0), 0, 0)).candidates
    assert (goal.node, goal.agent, goal.worst_case, goal.cost_to_go) == (GOAL, "", NOTHING, (NOTHING,))


def test_every_refusal_says_why(build: Build, profile: MakeProfile) -> None:
    priced = profile("dear", "0.020"), profile("booker", effect="book")
    graph = build((("booker", "dead", "dear", "failed", "foreign", "fine"),), *priced)
    masked = Mask().candidates(
        graph,
        START,
        spent=Spend(Decimal("0.01"), 0, 0),
        earmarked=Spend(Decimal("0.01"), 0, 0),
        budget=Budget(Decimal("0.03")),
        overlay=down("dead"),
        excluded=frozenset({"failed"}),
        locked_effects=frozenset({"book"}),
        permitted=frozenset({"booker", "dead", "dear", "failed", "fine"}),
    )
    assert names(masked) == ("fine",)
    assert dict(masked.refused) == {
        "booker": "effect 'book' already done",
        "dead": "down",
        "dear": "needs usd 0.02, 0.01 left",
        "failed": "excluded after a failure",
        "foreign": "not permitted",
    }


def test_a_node_with_no_open_way_on_is_refused(build: Build) -> None:
    graph = build((), edges={START: ("a", "b"), "a": ("x",), "b": ("y",), "x": (GOAL,), "y": (GOAL,)})
    masked = Mask().candidates(graph, START, overlay=down("x"))
    assert names(masked) == ("b",)
    assert masked.refused == (("a", "every way on from it is closed"),)


def test_a_later_repetition_of_an_effect_is_seen_beforehand(build: Build, profile: MakeProfile) -> None:
    graph = build(
        (("hotel_a", "plan"), ("hotel_b",)), profile("hotel_a", effect="book"), profile("hotel_b", effect="book")
    )
    assert names(Mask().candidates(graph, START)) == ("plan",)


def test_tokens_and_calls_are_budgets_of_their_own(build: Build, profile: MakeProfile) -> None:
    graph = build(
        (("wordy", "chatty"),), profile("wordy", caps=TokenCaps(90, 10)), profile("chatty", caps=TokenCaps(1, 1, 3))
    )
    masked = Mask().candidates(graph, START, budget=Budget(max_tokens=50, max_calls=2))
    assert dict(masked.refused) == {"wordy": "needs tokens 100, 50 left", "chatty": "needs calls 3, 2 left"}


def test_an_overrun_refuses_everything_but_what_is_free(build: Build, profile: MakeProfile) -> None:
    graph = build((("dear",),), profile("dear", 1))
    masked = Mask().candidates(graph, START, spent=Spend(Decimal(9)), budget=Budget(Decimal(5)))
    assert masked.refused == (("dear", "needs usd 1, -4 left"),)


def test_the_budget_error_names_the_resource_and_the_least_that_would_do(build: Build, profile: MakeProfile) -> None:
    graph = build((("cheap", "dear"),), profile("cheap", "0.10"), profile("dear", "0.9"))
    refusal = Mask().budget_refusal(graph, Budget(Decimal("0.05")))
    assert isinstance(refusal, BudgetTooSmall)
    assert (refusal.resource, refusal.limit, refusal.least) == ("usd", "0.05", "0.1")


def test_a_limit_that_only_fails_together_with_another_is_named(build: Build, profile: MakeProfile) -> None:
    thrifty, terse = profile("thrifty", 1, TokenCaps(90, 10)), profile("terse", 9, TokenCaps(5, 5))
    graph, mask = build((("thrifty", "terse"),), thrifty, terse), Mask()
    assert mask.least_needed(graph) == (Spend(Decimal(1), 100, 1), Spend(Decimal(9), 10, 1))
    refusal = mask.budget_refusal(graph, Budget(Decimal(5), 50))
    assert refusal is not None
    assert (refusal.resource, refusal.least) == ("usd", "9")
    both = mask.budget_refusal(graph, Budget(Decimal("0.5"), 5))
    assert both is not None
    assert (both.resource, both.least) == ("usd", "1")


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_the_least_limit_that_an_error_names_is_enough_when_it_stands_alone(
    data: st.DataObject, graphs: st.SearchStrategy[AgentGraph]
) -> None:
    graph, limit = data.draw(graphs), data.draw(st.integers(0, 8))
    budget, mask = Budget(max_tokens=limit), Mask()
    refusal = mask.budget_refusal(graph, budget)
    if refusal is not None:
        least = int(refusal.least)
        assert limit < least
        assert mask.budget_refusal(graph, Budget(max_tokens=least)) is None
        assert mask.budget_refusal(graph, Budget(max_tokens=least - 1)) is not None


def test_a_graph_without_an_open_route_is_no_question_of_budget(build: Build) -> None:
    graph = build((("only",),))
    assert Mask().budget_refusal(graph, Budget(Decimal(0)), overlay=down("only")) is None


def test_what_the_mask_cannot_answer_is_an_error(build: Build) -> None:
    with pytest.raises(UnknownNode):
        Mask().candidates(build((("only",),)), "nowhere")
    arm = Branch(graph=GraphSpec(stages=(("only",),)))
    fan = build((("only",), ("fan",)), nodes={"fan": FanOutNode(branches={"arm": arm})})
    assert Mask().candidates(fan, "only").candidates[0].agent == ""
    (refused,) = Mask().candidates(fan, "only", overlay=down("only")).refused
    assert refused == ("fan", "a required branch is closed")
