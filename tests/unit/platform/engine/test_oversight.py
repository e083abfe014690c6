"""Episodes under monitors: vetoes, approvals, and agents that give their work back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Reply
from stigmergy.domain import START, AgentId, Budget, FailureKind, Status, TaskId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, Branch, FanOutNode, GraphSpec
from stigmergy.platform.engine import Approvals, Recorded, RunSuspended
from stigmergy.platform.engine.oversight import NOBODY
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import fold
from stigmergy.platform.learning.audit import silent_failures
from stigmergy.platform.monitors import MonitorsConfig, ProgressConfig, RiskRule, monitors_of
from stigmergy.platform.records import Decision, Question
from stigmergy.testing import EPOCH

Build = Callable[..., Any]
RISKY = MonitorsConfig(risk=(RiskRule(agent="stripe", label="amount_usd", above=Decimal(10_000)),))
LARGE = {"amount_usd": "15000"}


class Person:
    """Decides as told, once she was asked; without a decision she never does."""

    def __init__(self, *approved: bool) -> None:
        self._decisions = list(approved)
        self.asked: list[Question] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def decision(self, task_id: TaskId, question: Question) -> Decision:
        self.asked.append(question)
        self.meanwhile()
        if not self._decisions:
            await asyncio.Event().wait()
        return Decision(place=question.place, approved=self._decisions.pop(0), by="ann", comment="checked")


class Kept:
    """What was recorded of a run."""

    def __init__(self) -> None:
        self.recorded: tuple[Recorded, ...] = ()

    async def keep(self, fresh: Sequence[Recorded]) -> None:
        self.recorded += tuple(fresh)

    @property
    def events(self) -> list[ev.Event]:
        return [each.event for each in self.recorded]


class Leaves:
    """Nobody waits here any more."""

    async def decision(self, task_id: TaskId, question: Question) -> Decision:
        raise RunSuspended


def under(config: MonitorsConfig, approvals: Approvals = NOBODY) -> dict[str, Any]:
    """What a house is built with to be watched like this."""
    return {"monitors": monitors_of(config), "approvals": approvals}


@pytest.fixture
def refunds(staged: Build, profile: Build) -> AgentGraph:
    """Look the order up, refund it by the cheaper or the dearer payment service, and tell the customer."""
    graph: AgentGraph = staged(
        [
            [profile("crm")],
            [profile("stripe", 1, effect="refund"), profile("razorpay", 2, effect="refund")],
            [profile("email")],
        ]
    )
    return graph


async def test_a_vetoed_agent_is_never_called_and_the_route_goes_round_it(
    house: Build, refunds: AgentGraph, kinds: Build
) -> None:
    veto = MonitorsConfig(risk=(RiskRule(agent="stripe", then="veto"),))
    made = house(refunds, **under(veto))
    ran = await made.run()
    assert (ran.episode.status, ran.episode.route) == (Status.COMPLETED, ("crm", "razorpay", "email"))
    assert (made.calls("stripe"), ran.episode.reroutes, ran.episode.failures) == (0, 1, ())
    place = kinds(ran).index("vetoed")
    assert kinds(ran)[place - 1 : place + 3] == ["hop_chosen", "vetoed", "rerouted", "hop_chosen"]
    assert made.health.overlay().of("stripe").success_rate == 1.0, "a veto is nothing against its health"
    assert silent_failures([r.event for r in ran.events]) == 0


async def test_a_risky_hop_waits_and_is_taken_when_it_is_approved(
    house: Build, refunds: AgentGraph, kinds: Build
) -> None:
    ann = Person(True)
    made = house(refunds, **under(RISKY, ann))
    ran = await made.run(labels=LARGE)
    assert ran.episode.route == ("crm", "stripe", "email")
    assert ann.asked == [Question(place="stripe", agent="stripe", reason="amount_usd 15000 is above 10000")]
    place = kinds(ran).index("approval_asked")
    assert kinds(ran)[place : place + 3] == ["approval_asked", "approval_given", "call_started"]
    given = ran.events[place + 1].event
    assert (given.by, given.comment, given.approved) == ("ann", "checked", True)
    state = fold(r.event for r in ran.events)
    assert (state.status, state.route) == (ran.episode.status, ran.episode.route)


async def test_a_small_amount_asks_nobody(house: Build, refunds: AgentGraph) -> None:
    ann = Person()
    ran = await house(refunds, **under(RISKY, ann)).run(labels={"amount_usd": "12.50"})
    assert (ran.episode.route, ann.asked) == (("crm", "stripe", "email"), [])


async def test_a_rejected_hop_is_healed(house: Build, refunds: AgentGraph) -> None:
    made = house(refunds, **under(RISKY, Person(False)))
    ran = await made.run(labels=LARGE)
    assert (ran.episode.status, ran.episode.route) == (Status.COMPLETED, ("crm", "razorpay", "email"))
    assert made.calls("stripe") == 0


async def test_rejected_where_there_is_no_other_way_it_is_escalated_with_the_reason(
    house: Build, staged: Build, profile: Build
) -> None:
    made = house(staged([[profile("crm")], [profile("stripe")]]), **under(RISKY, Person(False)))
    ran = await made.run(labels=LARGE)
    assert ran.episode.status is Status.ESCALATED
    assert "stripe: not approved by ann (checked)" in ran.episode.reason


async def test_an_engine_with_nobody_to_ask_does_nothing_risky(house: Build, refunds: AgentGraph) -> None:
    made = house(refunds, **under(RISKY))
    assert (await made.run(labels=LARGE)).episode.route == ("crm", "razorpay", "email")


async def test_the_deadline_passes_while_nobody_decides(house: Build, refunds: AgentGraph, kinds: Build) -> None:
    made = house(refunds, **under(RISKY, Person()))
    ran = await made.run(Budget(deadline=EPOCH + timedelta(seconds=0.05)), labels=LARGE)
    assert (ran.episode.status, ran.episode.route, ran.episode.answer) == (Status.ESCALATED, ("crm",), "crm")
    assert kinds(ran)[-3:] == ["approval_asked", "deadline_passed", "finished"]


async def test_an_agent_that_went_down_before_the_approval_came_is_not_called(
    house: Build, refunds: AgentGraph, kinds: Build
) -> None:
    ann = Person(True)
    made = house(refunds, **under(RISKY, ann))
    ann.meanwhile = lambda: made.health.trip("stripe")
    ran = await made.run(labels=LARGE)
    assert (ran.episode.route, made.calls("stripe")) == (("crm", "razorpay", "email"), 0)
    assert "vetoed" in kinds(ran)


async def test_a_call_that_is_made_again_is_not_asked_about_again(house: Build, refunds: AgentGraph) -> None:
    ann = Person(True)
    made = house(refunds, {"stripe": [FailureKind.OVERLOADED, "done"]}, **under(RISKY, ann))
    ran = await made.run(labels=LARGE)
    assert (ran.episode.route, made.calls("stripe"), len(ann.asked)) == (("crm", "stripe", "email"), 2, 1)


async def test_a_run_that_is_let_go_while_it_waits_leaves_no_end(house: Build, refunds: AgentGraph) -> None:
    made = house(refunds, **under(RISKY, Leaves()))
    kept = Kept()
    with pytest.raises(RunSuspended):
        await made.engine.run(made.task(labels=LARGE), "ep", kept)
    assert isinstance(kept.events[-1], ev.ApprovalAsked)
    assert (
        await house(refunds, **under(RISKY, Person(True))).engine.run(made.task(labels=LARGE), "ep", past=kept.recorded)
    ).episode.status is Status.COMPLETED


async def test_a_branch_waits_while_its_sister_goes_on(house: Build, profile: Build) -> None:
    arms = {name: Branch(graph=GraphSpec(stages=((name,),))) for name in ("stripe", "image")}
    nodes = {"fan": FanOutNode(branches=arms, join="concatenate")}
    profiles = {name: profile(name) for name in ("stripe", "image")}
    graph = AgentGraph("linear", GraphSpec(nodes=nodes, stages=(("fan",),)), profiles)
    ann = Person(True)
    made = house(graph, **under(RISKY, ann))
    ran = await made.run(labels=LARGE)
    assert [question.place for question in ann.asked] == ["fan/stripe/stripe"]
    assert (ran.episode.status, ran.episode.route) == (Status.COMPLETED, ("fan",))
    refused = house(graph, **under(RISKY, Person(False)))
    ran = await refused.run(labels=LARGE)
    assert ran.episode.status is Status.ESCALATED
    assert "not approved by ann" in ran.episode.reason


async def test_work_that_is_given_back_goes_to_somebody_else_and_costs_what_it_cost(
    house: Build, refunds: AgentGraph, kinds: Build
) -> None:
    made = house(refunds, {"stripe": [Reply(text="", hand_back="not mine: paid by razorpay")]})
    ran = await made.run()
    assert (ran.episode.status, ran.episode.route) == (Status.COMPLETED, ("crm", "razorpay", "email"))
    assert (ran.episode.charged_usd, ran.episode.usage.usd, ran.episode.failures) == (Decimal(5), Decimal(4), ())
    assert made.health.overlay().of("stripe").success_rate == 1.0
    assert "handed_back" in kinds(ran)
    assert silent_failures([r.event for r in ran.events]) == 0
    assert fold(r.event for r in ran.events).charged.usd == Decimal(5)


async def test_agents_that_all_give_back_end_in_an_escalation_and_never_in_a_loop(
    house: Build, staged: Build, profile: Build
) -> None:
    names: tuple[AgentId, ...] = ("a", "b", "c", "d", "e")
    graph = staged([[profile(name) for name in names]], extra=[profile("boss")], escalation="boss")
    made = house(graph, {name: [Reply(text="", hand_back="not mine")] for name in names})
    ran = await made.run()
    assert (ran.episode.status, ran.episode.answer) == (Status.ESCALATED, "boss")
    assert sum(made.calls(name) for name in names) == 3, "two may give it back, and the third is the last"
    assert "given back 2 times at most" in ran.episode.reason
    assert made.calls("boss") == 1


async def test_a_line_that_does_not_get_on_is_escalated_without_further_calls(
    house: Build, staged: Build, profile: Build
) -> None:
    names = ("a", "b", "c", "d")
    graph = staged([[profile(name, usd) for usd, name in enumerate(names, 1)]])
    watched = under(MonitorsConfig(progress=ProgressConfig(max_left_out=1)))
    made = house(graph, {name: [FailureKind.REFUSED] for name in names}, **watched)
    ran = await made.run()
    assert (ran.episode.status, [made.calls(name) for name in names]) == (Status.ESCALATED, [1, 1, 0, 0])
    assert "vetoed by progress" in ran.episode.reason


async def test_optional_work_that_is_vetoed_is_dropped_by_name(house: Build, profile: Build) -> None:
    nodes = {"survey": AgentNode(agent="survey", optional=True, loss=0.1)}
    edges = {START: ("a",), "a": ("survey",), "survey": ("GOAL",)}
    graph = AgentGraph("linear", GraphSpec(nodes=nodes, edges=edges), {n: profile(n) for n in ("a", "survey")})
    made = house(graph, **under(MonitorsConfig(risk=(RiskRule(agent="survey", then="veto"),))))
    ran = await made.run()
    assert (ran.episode.status, ran.episode.dropped) == (Status.DEMOTED, ("survey",))
