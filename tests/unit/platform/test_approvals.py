"""Decisions about risky hops: given here or elsewhere, before or after a restart; no shutdown waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.domain import Budget, Status, TaskId
from stigmergy.errors import ApprovalNotAsked, TaskNotFound
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import Branch, FanOutNode, GraphSpec
from stigmergy.platform.approvals import Approvals
from stigmergy.platform.monitors import MonitorsConfig, RiskRule, monitors_of
from stigmergy.platform.records import Question, TaskRecord
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.platform.tasks import LeaseTerms, TaskDesk
from stigmergy.testing import FakeClock

Build = Callable[..., Any]
RISKY = MonitorsConfig(risk=(RiskRule(agent="stripe"), RiskRule(agent="image")))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def graph(staged: Build, profile: Build) -> AgentGraph:
    found: AgentGraph = staged([[profile("crm")], [profile("stripe", 1), profile("razorpay", 2)]])
    return found


class Process:
    """A gateway process: an engine with its desk."""

    def __init__(self, house: Build, graph: AgentGraph, store: MemoryStore, owner: str, clock: FakeClock) -> None:
        approvals = Approvals(store, clock, owner)
        self.made = made = house(graph, clock=clock, monitors=monitors_of(RISKY), approvals=approvals)
        self.store = store
        self.desk = TaskDesk(
            engine=made.engine,
            store=store,
            clock=made.clock,
            owner=owner,
            summarise=lambda _: "{}",
            deliver=made.delivered.append,
            terms=LeaseTerms(cancel_poll_s=0.01),
            approvals=approvals,
        )

    async def asks(self, task_id: TaskId = "task-1") -> TaskRecord:
        """The task, once it waits for a decision here (the decision before has been heard)."""
        while True:
            await asyncio.sleep(0)
            record = (await self.desk.finished(task_id, 1)).record
            if record.status is Status.NEEDS_APPROVAL and record.decision is None:
                return record
            assert not record.status.ended, record.reason

    async def rests(self) -> None:
        """Until nothing runs here any more."""
        async with asyncio.timeout(2):
            await asyncio.gather(*(job.running for job in self.desk._runs._jobs.values()))


@pytest.fixture
def start(house: Build, graph: AgentGraph, store: MemoryStore) -> Callable[..., Process]:
    """``start(owner, clock=..., graph=...)``: a process on the one store."""

    def made(owner: str, graph: AgentGraph = graph, clock: FakeClock | None = None) -> Process:
        return Process(house, graph, store, owner, clock or FakeClock())

    return made


@pytest.mark.parametrize(("approved", "route"), [(True, ("crm", "stripe")), (False, ("crm", "razorpay"))])
async def test_what_is_decided_here_is_heard_at_once(
    start: Callable[..., Process], approved: bool, route: tuple[str, ...]
) -> None:
    here = start("here")
    await here.desk.accept(here.made.task(), "hash")
    asked = await here.asks()
    assert asked.question is not None
    assert (asked.question.place, asked.question.reason) == ("stripe", "every hop to it is risky")
    await here.desk.decide("task-1", approved=approved, by="ann", comment="")
    answered = await here.desk.finished("task-1")
    assert (answered.record.status, answered.record.question) == (Status.COMPLETED, None)
    assert here.made.delivered[0].episode.route == route


async def test_what_is_decided_at_another_process_is_heard_when_the_holder_next_asks(
    start: Callable[..., Process],
) -> None:
    here = start("here")
    there = start("there", clock=here.made.clock)
    here.desk.start()
    await here.desk.accept(here.made.task(), "hash")
    await here.asks()
    decided = await there.desk.decide("task-1", approved=True, by="ann", comment="")
    assert (decided.status, decided.owner) == (Status.NEEDS_APPROVAL, "here")
    await here.rests()
    assert here.made.delivered[0].episode.route == ("crm", "stripe")
    await here.desk.aclose()


async def test_a_decision_for_a_task_whose_process_died_is_heard_by_its_heir(
    start: Callable[..., Process], store: MemoryStore
) -> None:
    dead = start("dead")
    await dead.desk.accept(dead.made.task(), "hash")
    await dead.asks()
    heir = start("heir", clock=dead.made.clock)
    await heir.desk.decide("task-1", approved=True, by="ann", comment="")
    dead.made.clock.advance(60)
    assert await heir.desk.take_over() == 1
    await heir.rests()
    assert heir.made.delivered[0].episode.route == ("crm", "stripe")
    await dead.desk.aclose()
    assert dead.made.delivered == []
    assert (await store.tasks.get("task-1")).status is Status.COMPLETED


async def test_a_waiting_task_does_not_hold_up_a_shutdown_and_waits_on_elsewhere(
    start: Callable[..., Process], store: MemoryStore
) -> None:
    here = start("here")
    here.desk.start()
    await here.desk.accept(here.made.task(), "hash")
    await here.asks()
    async with asyncio.timeout(2):
        await here.desk.aclose()
    left = await store.tasks.get("task-1")
    assert (left.status, left.owner, left.attempts, here.made.delivered) == (Status.NEEDS_APPROVAL, None, 0, [])
    there = start("there", clock=here.made.clock)
    here.made.clock.advance(0.1)
    assert await there.desk.take_over() == 1
    await there.asks()
    await there.desk.decide("task-1", approved=True, by="ann", comment="")
    await there.desk.aclose()
    assert there.made.delivered[0].episode.route == ("crm", "stripe")


async def test_what_would_ask_after_the_shutdown_began_is_let_go_as_well(
    start: Callable[..., Process], store: MemoryStore
) -> None:
    here = start("here")
    await here.desk.accept(here.made.task(), "hash")
    async with asyncio.timeout(2):
        await here.desk.aclose()
    assert (await store.tasks.get("task-1")).status is Status.NEEDS_APPROVAL


async def test_a_waiting_task_is_cancelled(start: Callable[..., Process]) -> None:
    here = start("here")
    await here.desk.accept(here.made.task(), "hash")
    await here.asks()
    await here.desk.cancel("task-1")
    async with asyncio.timeout(2):
        await here.desk.aclose()
    assert here.made.delivered[0].episode.status is Status.CANCELLED
    assert (await here.store.tasks.get("task-1")).question is None


async def test_the_deadline_passes_for_a_task_that_waits(start: Callable[..., Process]) -> None:
    here = start("here")
    budget = Budget(deadline=here.made.clock.now() + timedelta(seconds=0.05))
    await here.desk.accept(here.made.task(budget), "hash")
    await here.asks()
    await here.rests()
    assert (await here.store.tasks.get("task-1")).status is Status.ESCALATED


async def test_what_is_not_asked_cannot_be_decided(start: Callable[..., Process]) -> None:
    here = start("here")
    with pytest.raises(TaskNotFound):
        await here.desk.decide("nobody", approved=True, by="ann", comment="")
    await here.desk.accept(here.made.task(), "hash")
    with pytest.raises(ApprovalNotAsked, match="running"):
        await here.desk.decide("task-1", approved=True, by="ann", comment="")
    await here.asks()
    with pytest.raises(ApprovalNotAsked, match="about stripe"):
        await here.desk.decide("task-1", approved=True, by="ann", comment="", place="email")
    await here.desk.decide("task-1", approved=False, by="ann", comment="", place="stripe")
    await here.desk.aclose()
    with pytest.raises(ApprovalNotAsked, match="completed"):
        await here.desk.decide("task-1", approved=True, by="ann", comment="")


async def test_branches_ask_one_after_another(start: Callable[..., Process], profile: Build) -> None:
    arms = {name: Branch(graph=GraphSpec(stages=((name,),))) for name in ("stripe", "image")}
    nodes = {"fan": FanOutNode(branches=arms, join="concatenate")}
    profiles = {name: profile(name) for name in ("stripe", "image")}
    fans = AgentGraph("linear", GraphSpec(nodes=nodes, stages=(("fan",),)), profiles)
    here = start("here", graph=fans)
    await here.desk.accept(here.made.task(), "hash")
    places = []
    for _ in range(2):
        asked = (await here.asks()).question
        assert asked is not None
        places.append(asked.place)
        await here.desk.decide("task-1", approved=True, by="ann", comment="", place=asked.place)
    await here.desk.aclose()
    assert sorted(places) == ["fan/image/image", "fan/stripe/stripe"]
    assert here.made.delivered[0].episode.status is Status.COMPLETED


async def test_a_branch_that_is_not_needed_any_more_takes_its_question_back(
    start: Callable[..., Process], profile: Build
) -> None:
    arms = {name: Branch(graph=GraphSpec(stages=((name,),))) for name in ("stripe", "quick")}
    nodes = {"fan": FanOutNode(branches=arms, join="first_good")}
    profiles = {name: profile(name) for name in ("stripe", "quick", "image")}
    graph = AgentGraph("linear", GraphSpec(nodes=nodes, stages=(("fan",), ("image",))), profiles)
    here = start("here", graph=graph)
    await here.desk.accept(here.made.task(), "hash")
    asked = (await here.asks()).question
    while asked is None or asked.place != "image":
        asked = (await here.asks()).question
    await here.desk.decide("task-1", approved=True, by="ann", comment="")
    await here.desk.aclose()
    assert here.made.delivered[0].episode.route == ("fan", "image")
    assert here.made.delivered[0].episode.charged_usd == Decimal(2)


async def test_a_process_that_lost_its_task_stops_waiting(start: Callable[..., Process], store: MemoryStore) -> None:
    here = start("here")
    await here.desk.accept(here.made.task(), "hash")
    same = Question(place="stripe", agent="stripe", reason="every hop to it is risky")
    record = await store.tasks.get("task-1")
    store.tasks.put(replace(record, owner="thief", status=Status.NEEDS_APPROVAL, question=same))
    store.tasks.mark_running = _keeps_its_owner(store)  # type: ignore[method-assign]
    await here.rests()
    assert (await store.tasks.get("task-1")).owner == "thief"
    assert here.made.delivered == []


def _keeps_its_owner(store: MemoryStore) -> Any:
    async def marked(task_id: TaskId, *_: object) -> TaskRecord:
        return await store.tasks.get(task_id)

    return marked


async def test_a_run_that_waits_with_a_task_another_process_took_over_is_let_go(
    start: Callable[..., Process], store: MemoryStore
) -> None:
    here, heir = start("here"), start("heir")
    await here.desk.accept(here.made.task(), "hash")
    await here.asks()
    here.made.clock.advance(60)
    heir.made.clock.advance(60)
    await heir.desk.take_over()
    await heir.asks()
    await here.desk.take_over()  # as it does when it finds time again: it renews what it holds
    await here.rests()
    assert (here.desk.in_flight, heir.desk.in_flight) == (0, 1)
    await heir.desk.decide("task-1", approved=True, by="ann", comment="")
    assert (await heir.desk.finished("task-1", 2)).record.status is Status.COMPLETED
