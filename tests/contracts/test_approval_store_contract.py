"""The contract of ApprovalStore, on every implementation."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stigmergy.domain import Status, Task
from stigmergy.errors import ApprovalNotAsked, TaskNotFound
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Decision, Lease, Question, TaskFilter, TaskRecord

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
NASTY = "NUL \0, a lone surrogate \ud800, quote ' and 𝄞"
ASKED = Question(place="refund", agent="stripe", reason=NASTY)
YES = Decision(place="refund", approved=True, by="ann", comment=NASTY)
NO = replace(YES, approved=False)


@pytest.fixture
async def waiting(store: Store) -> TaskRecord:
    """A task of ``here`` that waits for a decision."""
    task = Task(id="t", text="refund", graph="g", router="r", created_at=NOW)
    await store.tasks.create(task, "body", Lease("here", LATER))
    await store.tasks.mark_running("t", "here", "e", NOW)
    return await store.approvals.ask("t", "here", ASKED, LATER)


async def test_a_task_that_waits_says_what_for(store: Store, waiting: TaskRecord) -> None:
    assert (waiting.status, waiting.question, waiting.decision) == (Status.NEEDS_APPROVAL, ASKED, None)
    assert (waiting.updated_at, waiting.status.ended) == (LATER, False)
    assert await store.tasks.get("t") == waiting
    assert (await store.tasks.list(TaskFilter(status=Status.NEEDS_APPROVAL))).tasks == (waiting,)


async def test_a_decision_is_kept_until_the_owner_has_heard_of_it(store: Store, waiting: TaskRecord) -> None:
    assert await store.approvals.decided("here") == ()
    decided = await store.approvals.decide("t", YES, LATER)
    assert (decided.status, decided.decision) == (Status.NEEDS_APPROVAL, YES)
    assert await store.approvals.decided("here") == (decided,)
    assert await store.approvals.decided("there") == ()
    going_on = await store.approvals.close("t", "here", LATER)
    assert (going_on.status, going_on.question, going_on.decision) == (Status.RUNNING, None, None)
    assert await store.approvals.decided("here") == ()


async def test_the_first_decision_stays_and_the_same_again_is_no_other(store: Store, waiting: TaskRecord) -> None:
    first = await store.approvals.decide("t", YES, LATER)
    assert await store.approvals.decide("t", replace(YES, by="bob"), LATER) == first
    with pytest.raises(ApprovalNotAsked, match="ann has approved it"):
        await store.approvals.decide("t", NO, LATER)


async def test_of_opposite_decisions_at_once_one_is_kept(store: Store, waiting: TaskRecord) -> None:
    answers = await asyncio.gather(
        *(store.approvals.decide("t", each, LATER) for each in (YES, NO) * 5), return_exceptions=True
    )
    refused = [each for each in answers if isinstance(each, ApprovalNotAsked)]
    assert len(refused) == 5
    kept = (await store.tasks.get("t")).decision
    assert kept in (YES, NO)


async def test_what_was_not_asked_cannot_be_decided(store: Store, waiting: TaskRecord) -> None:
    with pytest.raises(ApprovalNotAsked, match="it asks about refund, not about email"):
        await store.approvals.decide("t", replace(YES, place="email"), LATER)
    await store.approvals.close("t", "here", LATER)
    with pytest.raises(ApprovalNotAsked, match="running"):
        await store.approvals.decide("t", YES, LATER)
    await store.tasks.finish("t", status=Status.COMPLETED, reason="", at=LATER)
    with pytest.raises(ApprovalNotAsked, match="completed"):
        await store.approvals.decide("t", YES, LATER)


async def test_an_end_forgets_the_question_and_no_task_waits_after_it(store: Store, waiting: TaskRecord) -> None:
    await store.approvals.decide("t", YES, LATER)
    ended = await store.tasks.finish("t", status=Status.ESCALATED, reason="late", at=LATER)
    assert (ended.question, ended.decision) == (None, None)
    assert await store.approvals.ask("t", "here", ASKED, LATER) == ended
    assert await store.approvals.close("t", "here", LATER) == ended
    assert await store.approvals.let_go("t", "here", LATER) == ended


async def test_who_does_not_hold_the_task_changes_nothing(store: Store, waiting: TaskRecord) -> None:
    other = Question(place="email", agent="email", reason="why")
    assert await store.approvals.ask("t", "there", other, LATER) == waiting
    assert await store.approvals.close("t", "there", LATER) == waiting
    assert await store.approvals.let_go("t", "there", LATER) == waiting


async def test_a_task_that_is_let_go_is_claimed_at_once_and_has_lost_no_attempt(
    store: Store, waiting: TaskRecord
) -> None:
    free = await store.approvals.let_go("t", "here", LATER)
    assert (free.status, free.owner, free.question, free.attempts) == (Status.NEEDS_APPROVAL, None, ASKED, 0)
    assert await store.tasks.renew(Lease("here", LATER + timedelta(hours=1)), ("t",)) == 0
    now = LATER + timedelta(seconds=1)
    (taken,) = await store.tasks.claim(Lease("there", now + timedelta(seconds=10)), now)
    assert (taken.owner, taken.question) == ("there", ASKED)


async def test_a_decision_that_nobody_heard_is_heard_by_the_heir(store: Store, waiting: TaskRecord) -> None:
    await store.approvals.decide("t", YES, LATER)
    now = LATER + timedelta(hours=1)
    await store.tasks.claim(Lease("there", now + timedelta(seconds=10)), now)
    running = await store.tasks.mark_running("t", "there", "e2", now)
    assert (running.status, running.question) == (Status.NEEDS_APPROVAL, ASKED)
    again = await store.approvals.ask("t", "there", replace(ASKED, reason="the same, told anew"), now)
    assert (again.decision, again.owner) == (YES, "there")
    other = await store.approvals.ask("t", "there", replace(ASKED, place="email"), now)
    assert other.decision is None


async def test_a_waiting_task_can_be_cancelled_and_counts_as_unfinished(store: Store, waiting: TaskRecord) -> None:
    assert [record.task.id for record in await store.tasks.unfinished(LATER + timedelta(days=1))] == ["t"]
    flagged = await store.tasks.request_cancel("t", "on request", NOW)
    assert (flagged.status, flagged.cancel_requested) == (Status.NEEDS_APPROVAL, True)
    assert await store.tasks.cancel_requests("here") == ("t",)


async def test_an_unknown_task_is_not_found(store: Store) -> None:
    for call in (
        store.approvals.ask("nobody", "here", ASKED, NOW),
        store.approvals.decide("nobody", YES, NOW),
        store.approvals.close("nobody", "here", NOW),
        store.approvals.let_go("nobody", "here", NOW),
    ):
        with pytest.raises(TaskNotFound):
            await call


async def test_a_task_that_is_cancelled_while_nobody_holds_it_asks_nothing_any_more(
    store: Store, waiting: TaskRecord
) -> None:
    await store.approvals.decide("t", YES, NOW)
    await store.approvals.let_go("t", "here", NOW)
    ended = await store.tasks.request_cancel("t", "on request", LATER)
    assert (ended.status, ended.question, ended.decision) == (Status.CANCELLED, None, None)
