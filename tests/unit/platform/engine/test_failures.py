"""What each way to fail costs, how often it is tried again, and where the episode goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Reply
from stigmergy.agents.scripted import FailingAt, InOrder, Line
from stigmergy.agents.silence import Silence
from stigmergy.domain import GOAL, START, Budget, FailureKind, Spend, Status, Usage
from stigmergy.errors import AgentLost, InputTooLong
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, GraphSpec
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode import events as ev
from stigmergy.routers.price_baselines import DearestRouter

Build = Callable[..., Any]
WORST = Decimal(3)


def of(ran: Ran, kind: type[Any]) -> list[Any]:
    return [recorded.event for recorded in ran.events if isinstance(recorded.event, kind)]


@pytest.fixture
def either(staged: Build, profile: Build) -> AgentGraph:
    """One step, by ``a`` at 3 USD or by ``b`` at 5 USD."""
    graph: AgentGraph = staged([[profile("a", 3), profile("b", 5)]])
    return graph


CASES: Sequence[tuple[Line, int, Decimal]] = [
    (FailureKind.ERROR, 2, 2 * WORST),
    (FailureKind.TIMEOUT, 2, 2 * WORST),
    (FailureKind.OVERLOADED, 2, Decimal(0)),
    (FailureKind.REFUSED, 1, Decimal(0)),
    (FailureKind.INVALID_REPLY, 1, WORST),
    (FailureKind.UNAVAILABLE, 1, Decimal(0)),
    (AgentLost("a", "its process died"), 1, WORST),
    (InputTooLong("a", "9,000 tokens"), 1, Decimal(0)),
]


@pytest.mark.parametrize(("line", "attempts", "charged"), CASES, ids=lambda value: str(value)[:24])
async def test_a_failed_call_is_tried_again_where_that_may_help_and_charged_where_it_may_have_been_done(
    house: Build, either: AgentGraph, line: Line, attempts: int, charged: Decimal
) -> None:
    made = house(either, {"a": [line]})
    ran = await made.run()
    assert (made.calls("a"), made.calls("b")) == (attempts, 1)
    assert ran.episode.charged_usd == charged + 5
    assert (ran.episode.status, ran.episode.route, ran.episode.reroutes) == (Status.COMPLETED, ("b",), 1)
    assert [failure.charged.usd for failure in ran.episode.failures] == [charged / attempts] * attempts
    assert len({request.step_key for request in made.agents["a"].requests}) == 1


async def test_a_step_that_succeeds_at_a_further_attempt_goes_on_without_a_repair(
    house: Build, either: AgentGraph
) -> None:
    made = house(
        either, {"a": FailingAt(InOrder(["fine"]), {0: FailureKind.ERROR, 1: FailureKind.OVERLOADED})}, max_attempts=3
    )
    ran = await made.run()
    assert (ran.episode.answer, ran.episode.reroutes, made.calls("a")) == ("fine", 0, 3)
    assert [event.attempt for event in of(ran, ev.CallStarted)] == [1, 2, 3]
    assert "2 failed calls" in ran.episode.reason


async def test_an_agent_that_never_answers_is_given_up_at_its_time_limit(
    house: Build, staged: Build, profile: Build
) -> None:
    made = house(staged([[profile("a", 3, timeout_s=0.01), profile("b", 5)]]), {"a": [Silence()]}, max_attempts=1)
    ran = await made.run()
    assert [(f.kind, f.charged.usd) for f in ran.episode.failures] == [(FailureKind.TIMEOUT, WORST)]
    assert ran.episode.route == ("b",)


async def test_what_is_known_to_be_down_beforehand_is_no_failure_of_the_episode(
    house: Build, either: AgentGraph
) -> None:
    made = house(either)
    made.health.trip("a")
    ran = await made.run()
    assert (ran.episode.route, ran.episode.failures, ran.episode.reroutes) == (("b",), (), 0)
    assert of(ran, ev.HopChosen)[0].refused == (("a", "down"),)


async def test_an_agent_whose_breaker_opened_is_not_called_by_the_next_episode(
    house: Build, either: AgentGraph
) -> None:
    made = house(either, {"a": [FailureKind.UNAVAILABLE]})
    await made.run(episode_id="e1")
    again = await made.run(episode_id="e2")
    assert (made.calls("a"), again.episode.failures) == (1, ())


async def test_a_call_is_not_made_again_once_the_breaker_has_opened(house: Build, either: AgentGraph) -> None:
    made = house(either, {"a": [FailureKind.ERROR]}, max_attempts=10)
    ran = await made.run()
    assert made.calls("a") == 5
    assert [event.reason for event in of(ran, ev.BudgetRefused)] == ["a retry does not fit: down"]


async def test_an_agent_that_uses_more_than_its_worst_case_is_charged_in_full_and_taken_out(
    house: Build, either: AgentGraph, used: Build
) -> None:
    made = house(either, {"a": [used(7)]})
    ran = await made.run()
    (event,) = of(ran, ev.CallSucceeded)
    assert (event.overrun, event.charged) == (Spend(Decimal(4)), Spend(Decimal(7), 0, 1))
    assert (ran.episode.charged_usd, ran.episode.status) == (Decimal(7), Status.COMPLETED)
    assert made.health.overlay().down == {"a"}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(text="x", usage=Usage(-1, 0, 1)),
        Reply(text="x", usage=Usage(1, 0, 1, cached_tokens=-1)),
        Reply(text="x", usage=Usage(1, 0, 1, cached_tokens=2)),
        Reply(text="x", usage=Usage(usd=Decimal(-1))),
        Reply(text="x", usage=Usage(usd=Decimal("NaN"))),
        Reply(text="x", usage=Usage(usd=Decimal("Infinity"))),
        Reply(text="half \ud800"),
        Reply(text="nul \x00"),
    ],
    ids=["tokens", "fewer cached than none", "more cached than read", "usd", "nan", "infinity", "surrogate", "nul"],
)
async def test_a_reply_that_cannot_be_charged_or_stored_is_a_failed_call(
    house: Build, either: AgentGraph, reply: Reply
) -> None:
    ran = await house(either, {"a": [reply]}).run()
    assert [(f.kind, f.charged.usd) for f in ran.episode.failures] == [(FailureKind.INVALID_REPLY, WORST)]
    assert (ran.episode.answer, ran.episode.charged_usd) == ("b", WORST + 5)


async def test_a_retry_that_would_eat_the_rest_of_the_way_is_refused_with_its_reason(
    house: Build, staged: Build, profile: Build
) -> None:
    made = house(staged([[profile("a", 2)], [profile("b", 2)]]), {"a": [FailureKind.ERROR]})
    ran = await made.run(Budget(max_usd=Decimal(5)))
    assert [event.reason for event in of(ran, ev.BudgetRefused)] == ["a retry does not fit: needs usd 4, 3 left"]
    assert (made.calls("a"), ran.episode.status, ran.episode.charged_usd) == (1, Status.ESCALATED, Decimal(2))
    ran = await house(made.graph, {"a": FailingAt(InOrder(["fine"]), {0: FailureKind.ERROR})}).run(
        Budget(max_usd=Decimal(6))
    )
    assert (ran.episode.status, ran.episode.charged_usd) == (Status.COMPLETED, Decimal(6))


async def test_what_a_refused_retry_saves_pays_for_another_way(house: Build, profile: Build) -> None:
    edges = {START: ("a", "b"), "a": ("c",), "b": (GOAL,), "c": (GOAL,)}
    prices = {"a": 1, "b": 3, "c": 3}
    graph = AgentGraph("linear", GraphSpec(edges=edges), {name: profile(name, usd) for name, usd in prices.items()})
    made = house(graph, {"a": [FailureKind.ERROR]}, router=DearestRouter())
    ran = await made.run(Budget(max_usd=Decimal(4)))
    assert (made.calls("a"), ran.episode.route, ran.episode.status) == (1, ("b",), Status.COMPLETED)
    assert ran.episode.charged_usd == 4


async def test_on_a_demoted_path_a_retry_has_to_leave_enough_for_the_rest_of_that_path(
    house: Build, profile: Build
) -> None:
    nodes = {"check": AgentNode(agent="check", optional=True, loss=0.1)}
    profiles = {"check": profile("check", 1), "a": profile("a", 2), "b": profile("b", 2)}
    graph = AgentGraph("linear", GraphSpec(nodes=nodes, stages=(("check",), ("a",), ("b",))), profiles)
    made = house(graph, {"check": [FailureKind.REFUSED], "a": [FailureKind.ERROR]})
    ran = await made.run(Budget(max_usd=Decimal(5)))
    assert (made.calls("a"), ran.episode.charged_usd) == (1, Decimal(2))
    (refused,) = of(ran, ev.BudgetRefused)
    assert refused.reason == "a retry does not fit: with the rest of the way it comes to usd 6 of 5"


async def test_a_side_effect_that_may_have_happened_is_neither_tried_again_nor_repeated_elsewhere(
    house: Build, staged: Build, profile: Build
) -> None:
    graph = staged([[profile("a", 1, effect="book"), profile("b", 2, effect="book")]])
    made = house(graph, {"a": [FailureKind.TIMEOUT]})
    ran = await made.run()
    assert (made.calls("a"), made.calls("b"), ran.episode.status) == (1, 0, Status.ESCALATED)


async def test_a_side_effect_that_surely_did_not_happen_may_be_had_elsewhere(
    house: Build, staged: Build, profile: Build
) -> None:
    graph = staged([[profile("a", 1, effect="book"), profile("b", 2, effect="book")]])
    made = house(graph, {"a": [FailureKind.REFUSED]})
    assert (await made.run()).episode.route == ("b",)


async def test_an_idempotent_agent_is_tried_again_under_the_same_key(
    house: Build, staged: Build, profile: Build
) -> None:
    graph = staged([[profile("a", 1, effect="book", idempotent=True), profile("b", 2, effect="book")]])
    made = house(graph, {"a": FailingAt(InOrder(["booked"]), {0: FailureKind.TIMEOUT})})
    ran = await made.run()
    assert (ran.episode.answer, made.calls("a"), made.calls("b")) == ("booked", 2, 0)
    assert len({request.step_key for request in made.agents["a"].requests}) == 1
    never = house(graph, {"a": [FailureKind.TIMEOUT]})
    assert (await never.run()).episode.status is Status.ESCALATED
    assert never.calls("b") == 0


async def test_steps_that_were_backed_up_past_stay_in_what_the_episode_used(house: Build, profile: Build) -> None:
    edges = {START: ("a", "b"), "a": ("c",), "c": (GOAL,), "b": (GOAL,)}
    graph = AgentGraph("linear", GraphSpec(edges=edges), {n: profile(n, u) for n, u in (("a", 1), ("b", 9), ("c", 1))})
    made = house(graph, {"c": [FailureKind.REFUSED], "b": [FailureKind.REFUSED]})
    episode = (await made.run()).episode
    assert (episode.route, episode.answer, episode.status) == ((), None, Status.ESCALATED)
    assert (episode.usage.usd, episode.usage.model_calls) == (Decimal(1), 1)


async def test_the_escalation_agent_is_not_asked_to_repeat_a_failure_or_a_side_effect(
    house: Build, staged: Build, profile: Build
) -> None:
    failed = staged([[profile("a")]], escalation="a")
    made = house(failed, {"a": [FailureKind.REFUSED]})
    assert ((await made.run()).episode.status, made.calls("a")) == (Status.ESCALATED, 1)
    booked = staged(
        [[profile("a", effect="book")], [profile("b")]], extra=[profile("boss", effect="book")], escalation="boss"
    )
    made = house(booked, {"b": [FailureKind.REFUSED]})
    assert ((await made.run()).episode.status, made.calls("boss")) == (Status.ESCALATED, 0)
