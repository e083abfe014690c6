"""Panels: agents asked one at a time, until what they answered is enough."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.evaluators.canonical import canonical_form
from stigmergy.agents.evaluators.configs import NumericConfig
from stigmergy.domain import Budget, FailureKind, Status
from stigmergy.errors import BudgetTooSmall
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import Branch, FanOutNode, GraphSpec, PanelNode
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import fold
from stigmergy.platform.episode.codec import decode, encode
from stigmergy.platform.learning.audit import silent_failures
from stigmergy.routers.evidence.agreement import AgreementRule
from stigmergy.routers.evidence.router import Ask, Decision, PanelState
from stigmergy.testing import EPOCH, FakeClock

Build = Callable[..., Any]
DOWN = FailureKind.REFUSED
PRICES = {"a": 1, "b": 2, "c": 4, "d": 3, "z": 1}


@pytest.fixture
def graph(profile: Build) -> Callable[..., AgentGraph]:
    """``graph("abc", max_asks=None, after=())``: a panel at ``ask``, and what comes after it."""

    def made(agents: str, after: tuple[str, ...] = (), escalation: str | None = None, **facts: Any) -> AgentGraph:
        panel = PanelNode(agents=tuple(agents), **facts)
        spec = GraphSpec(nodes={"ask": panel}, stages=(("ask",), *((n,) for n in after)), escalation=escalation)
        return AgentGraph("linear", spec, {n: profile(n, usd) for n, usd in PRICES.items()})

    return made


def checked(ran: Ran) -> Ran:
    """What holds for every run: its stored events fold back to it, and no failure is silent."""
    events = [recorded.event for recorded in ran.events]
    state = fold(decode(encode(event)) for event in events)
    assert (state.status, state.route, state.answer) == (ran.episode.status, ran.episode.route, ran.episode.answer)
    assert (state.branches, silent_failures(events)) == ({}, 0)
    return ran


def of(ran: Ran, kind: type[Any]) -> list[Any]:
    return [recorded.event for recorded in ran.events if isinstance(recorded.event, kind)]


def asked(ran: Ran) -> list[str]:
    return [event.agent for event in of(ran, ev.PanelAsked)]


async def test_two_that_agree_are_enough(house: Build, graph: Build) -> None:
    made = house(graph("cba", after=("z",)), {"a": ["4"], "b": [" 4"], "c": ["5"]})
    ran = checked(await made.run())
    assert (ran.episode.status, ran.episode.route, asked(ran)) == (Status.COMPLETED, ("ask", "z"), ["a", "b"])
    assert ran.episode.charged_usd == Decimal(1 + 2 + 1)
    (joined,) = of(ran, ev.Joined)
    assert (joined.rule, joined.joined, joined.reply.confidence) == ("agreement-2", ("a", "b"), 1.0)
    assert (joined.reply.canonical, joined.reply.usage.model_calls, joined.probability) == ("4", 2, 1.0)
    assert [reply.node for reply in made.agents["z"].requests[0].replies] == ["ask"]
    assert made.agents["b"].requests[0].step_key == "ep/ask/b/b/2"


async def test_those_who_disagree_are_followed_by_the_next_and_at_most_max_asks(house: Build, graph: Build) -> None:
    lines = {"a": ["4"], "b": ["5"], "c": ["5"], "d": ["6"]}
    ran = checked(await house(graph("abcd"), lines).run())
    assert (asked(ran), ran.episode.answer) == (["a", "b", "d", "c"], "5")
    short = checked(await house(graph("abcd", max_asks=2), lines).run())
    assert (asked(short), short.episode.answer) == (["a", "b"], "5"), "among equals the dearest one's"


async def test_a_failed_agent_has_no_answer_and_the_panel_goes_on(house: Build, graph: Build) -> None:
    ran = checked(await house(graph("abc"), {"a": [DOWN], "b": ["4"], "c": ["4"]}).run())
    assert (ran.episode.status, asked(ran), ran.episode.answer) == (Status.COMPLETED, ["a", "b", "c"], "4")
    assert [failure.node for failure in ran.episode.failures] == ["ask/a/a"]
    assert (ran.episode.dropped, of(ran, ev.Joined)[0].joined) == ((), ("b", "c"))


async def test_a_panel_on_which_nobody_answers_is_given_up(house: Build, graph: Build) -> None:
    ran = checked(await house(graph("ab", escalation="z"), {"a": [DOWN], "b": [DOWN]}).run())
    assert (ran.episode.status, ran.episode.answer) == (Status.ESCALATED, "z")
    assert "nobody on the panel ask answered" in ran.episode.reason


async def test_what_is_down_or_too_dear_is_not_asked(house: Build, graph: Build) -> None:
    made = house(graph("abcd", after=("z",), max_asks=2), {"a": ["4"], "b": ["5"]})
    made.health.trip("a")
    ran = checked(await made.run(Budget(max_usd=Decimal(8))))
    assert asked(ran) == ["b", "d"]
    assert of(ran, ev.PanelAsked)[0].refused == (("a", "down, or failed before"),)


async def test_retries_leave_less_for_further_asks_and_the_way_on_is_kept(house: Build, graph: Build) -> None:
    made = house(graph("abc", after=("z",), max_asks=2), {"a": [FailureKind.ERROR, "4"], "b": ["5"]})
    ran = checked(await made.run(Budget(max_usd=Decimal(7))))
    assert (ran.episode.status, asked(ran), ran.episode.charged_usd) == (Status.COMPLETED, ["a", "b"], Decimal(5))
    tight = Budget(max_calls=3)
    short = house(graph("abc", after=("z",), max_asks=2), {"a": [FailureKind.ERROR, "4"]})
    ran = checked(await short.run(tight))
    assert (asked(ran), ran.episode.route) == (["a"], ("ask", "z"))


async def test_answers_are_compared_in_the_form_of_the_graphs_evaluator(house: Build, graph: Build) -> None:
    forms = {"linear": canonical_form(NumericConfig())}
    lines = {"a": ["It is 0.5."], "b": ["So we get 1/2"], "c": ["7"]}
    ran = checked(await house(graph("abc"), lines, canonical_forms=forms).run())
    assert (asked(ran), ran.episode.answer) == (["a", "b"], "It is 0.5.")
    assert [event.reply.canonical for event in of(ran, ev.CallSucceeded)] == ["0.5", "0.5"]


async def test_who_says_that_it_has_no_answer_has_no_vote(house: Build, graph: Build) -> None:
    nothing = Reply(text="?", answered=False)
    ran = checked(await house(graph("abc"), {"a": [nothing], "b": [nothing], "c": ["4"]}).run())
    assert (asked(ran), ran.episode.answer) == (["a", "b", "c"], "4")


class Fixed:
    """Asks in a fixed order with a propensity of its own, and stops when it is through."""

    version = "fixed-1"

    def __init__(self, order: str) -> None:
        self._order = order
        self.seen: list[PanelState] = []

    def decide(self, state: PanelState, rng: random.Random) -> Decision:
        self.seen.append(state)
        if len(state.given) < len(self._order):
            agent = self._order[len(state.given)]
            return Ask(agent=agent, propensity=0.25, advantage=0.1, checks_unanimity=True)
        return AgreementRule(1).decide(state, rng)


async def test_a_configured_rule_decides_and_its_propensities_are_logged(house: Build, graph: Build) -> None:
    rule = Fixed("cab")
    made = house(graph("abc", rule="mine"), {"a": ["4"], "b": ["5"], "c": ["6"]}, panel_rules={"mine": rule})
    ran = checked(await made.run())
    asks = of(ran, ev.PanelAsked)
    assert [(each.agent, each.rule, each.probability, each.checks_unanimity) for each in asks] == [
        (agent, "fixed-1", 0.25, True) for agent in "cab"
    ]
    assert [len(state.given) for state in rule.seen] == [0, 1, 2, 3]
    assert {agent: given.canonical for agent, given in rule.seen[-1].given.items()} == {"c": "6", "a": "4", "b": "5"}


async def test_a_rule_that_asks_whom_it_must_not_is_replaced_by_the_built_in_one(house: Build, graph: Build) -> None:
    lines = {"a": ["4"], "b": ["4"], "c": ["6"]}
    ran = checked(await house(graph("abc", rule="mine"), lines, panel_rules={"mine": Fixed("zzz")}).run())
    assert (asked(ran), of(ran, ev.PanelAsked)[0].rule) == (["a", "b"], "agreement-2")


async def test_a_panel_does_not_stop_without_an_answer_while_somebody_may_be_asked(house: Build, graph: Build) -> None:
    lines = {"a": [DOWN], "b": ["4"], "c": ["6"]}
    ran = checked(await house(graph("abc", rule="mine"), lines, panel_rules={"mine": Fixed("")}).run())
    assert (asked(ran), of(ran, ev.Joined)[0].rule) == (["a", "b"], "fixed-1")


async def test_after_the_deadline_nobody_more_is_asked_and_what_there_is_counts(house: Build, graph: Build) -> None:
    clock = FakeClock()

    class Late:
        def line(self, call: int, request: Request) -> Any:
            clock.advance(60)
            return "4"

    made = house(graph("abc"), {"a": Late(), "b": ["5"]}, clock=clock)
    ran = checked(await made.run(Budget(deadline=EPOCH + timedelta(seconds=30))))
    assert (asked(ran), ran.episode.answer, ran.episode.status) == (["a"], "4", Status.ESCALATED)


async def test_a_panel_inside_a_branch_of_a_fan_out(house: Build, profile: Build) -> None:
    deep = GraphSpec(nodes={"ask": PanelNode(agents=("a", "b", "c"))}, stages=(("ask",),))
    fan = FanOutNode(branches={"one": Branch(graph=deep), "two": Branch(graph=GraphSpec(stages=(("d",),)))})
    spec = GraphSpec(nodes={"fan": fan}, stages=(("fan",),))
    made = house(
        AgentGraph("linear", spec, {n: profile(n, usd) for n, usd in PRICES.items()}),
        {"a": ["4"], "b": [DOWN], "c": ["4"], "d": ["4"]},
    )
    ran = checked(await asyncio.wait_for(made.run(), 5))
    assert (ran.episode.status, ran.episode.answer) == (Status.COMPLETED, "4")
    assert [(each.branch, each.agent) for each in of(ran, ev.PanelAsked)] == [("fan/one", n) for n in "abc"]


async def test_a_task_that_cannot_pay_the_dearest_asks_is_refused(house: Build, graph: Build) -> None:
    made = house(graph("abc", max_asks=2))
    assert made.graph.worst_case("ask").usd == Decimal(2 + 4)
    with pytest.raises(BudgetTooSmall):
        await made.run(Budget(max_usd=Decimal(5)))
