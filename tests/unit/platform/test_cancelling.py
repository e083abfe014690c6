from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Request
from stigmergy.agents.silence import Silence
from stigmergy.domain import Status
from stigmergy.errors import TaskEnded, TaskNotFound
from stigmergy.platform.records import Lease
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.platform.tasks import LeaseTerms, TaskDesk

Build = Callable[..., Any]
REASON = "cancelled on request"


class Hangs:
    """A script that never answers, and says when it was asked."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    def line(self, call: int, request: Request) -> Silence:
        self.asked.set()
        return Silence()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def hangs() -> Hangs:
    return Hangs()


@pytest.fixture
def made(house: Build, staged: Build, profile: Build, hangs: Hangs) -> Any:
    """One agent that answers, and after it one that hangs."""
    return house(staged([[profile("quick", 1)], [profile("hangs", 2)]]), {"hangs": hangs})


@pytest.fixture
def desk(made: Any, store: MemoryStore) -> TaskDesk:
    return TaskDesk(
        engine=made.engine,
        store=store,
        clock=made.clock,
        owner="here",
        summarise=lambda ran: f'{{"charged": {ran.episode.charged_usd}}}',
        deliver=made.delivered.append,
        terms=LeaseTerms(cancel_poll_s=0.01),
    )


async def test_a_running_call_is_interrupted_charged_its_worst_case_and_the_task_ends_as_cancelled(
    made: Any, desk: TaskDesk, store: MemoryStore, hangs: Hangs
) -> None:
    await desk.accept(made.task(), "hash")
    await hangs.asked.wait()
    await desk.cancel("task-1")
    answered = await desk.finished("task-1")
    row = await store.tasks.get("task-1")
    assert (row.status, row.reason, row.result) == (Status.CANCELLED, REASON, '{"charged": 3.000000000}')
    assert answered.record == row
    (ran,) = made.delivered
    assert (ran.episode.status, ran.episode.reason, ran.episode.route) == (Status.CANCELLED, REASON, ("quick",))
    assert ran.episode.charged_usd == Decimal(3)
    assert ran.episode.id == row.episode_id
    assert desk.in_flight == 0


async def test_a_task_that_has_not_begun_ends_without_a_call(made: Any, desk: TaskDesk, store: MemoryStore) -> None:
    await desk.accept(made.task(), "hash")
    await desk.cancel("task-1")
    assert (await desk.finished("task-1")).record.status is Status.CANCELLED
    assert (made.calls("quick"), made.delivered, desk.in_flight) == (0, [], 0)


async def test_what_nobody_runs_ends_at_once(made: Any, desk: TaskDesk, store: MemoryStore) -> None:
    await store.tasks.create(made.task(), "hash")
    record = await desk.cancel("task-1")
    assert (record.status, record.reason) == (Status.CANCELLED, REASON)
    made.clock.advance(60)
    assert await desk.take_over() == 0


async def test_what_another_process_runs_is_flagged_and_that_process_stops_it(
    made: Any, desk: TaskDesk, store: MemoryStore, hangs: Hangs
) -> None:
    elsewhere = TaskDesk(engine=made.engine, store=store, clock=made.clock, owner="there", summarise=lambda _: "{}")
    await desk.accept(made.task(), "hash")
    await hangs.asked.wait()
    flagged = await elsewhere.cancel("task-1")
    assert (flagged.status, flagged.cancel_requested) == (Status.RUNNING, True)
    desk.start()
    assert (await desk.finished("task-1", timeout_s=5)).record.status is Status.CANCELLED
    await desk.aclose()


async def test_a_flagged_task_of_a_dead_process_is_ended_by_its_heir_and_not_run(
    made: Any, desk: TaskDesk, store: MemoryStore
) -> None:
    await store.tasks.create(made.task(), "hash", Lease("dead", made.clock.now() + timedelta(seconds=15)))
    await desk.cancel("task-1")
    made.clock.advance(16)
    await desk.take_over()
    row = await store.tasks.get("task-1")
    assert (row.status, row.reason, made.calls("quick"), desk.in_flight) == (Status.CANCELLED, REASON, 0, 0)


async def test_what_has_ended_cannot_be_cancelled_and_what_is_cancelled_stays_so(
    made: Any, desk: TaskDesk, store: MemoryStore
) -> None:
    for number, status in enumerate((Status.COMPLETED, Status.CANCELLED)):
        await store.tasks.create(made.task(id=f"t{number}"), str(number))
        await store.tasks.finish(f"t{number}", status=status, reason="first", at=made.clock.now())
    with pytest.raises(TaskEnded, match="t0 has ended as completed"):
        await desk.cancel("t0")
    assert (await desk.cancel("t1")).reason == "first"
    with pytest.raises(TaskNotFound):
        await desk.cancel("nobody")


async def test_cancelling_one_of_many_leaves_the_others_alone_and_twice_is_once(
    made: Any, desk: TaskDesk, store: MemoryStore, hangs: Hangs
) -> None:
    for number in range(3):
        await desk.accept(made.task(id=f"t{number}"), "hash")
    await hangs.asked.wait()
    await asyncio.gather(desk.cancel("t1"), desk.cancel("t1"))
    assert (await desk.finished("t1")).record.status is Status.CANCELLED
    assert desk.in_flight == 2
    for number in (0, 2):
        await desk.cancel(f"t{number}")
    await desk.aclose()
    assert [ran.episode.status for ran in made.delivered] == [Status.CANCELLED] * 3
