from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.base import Request
from stigmergy.domain import Budget, Status, TaskId
from stigmergy.errors import BudgetTooSmall, IdempotencyConflict, StoreUnavailable, TaskNotFound, UnknownRouter
from stigmergy.platform.engine import Ran
from stigmergy.platform.records import Lease, TaskFilter, TaskRecord
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.platform.store.memory_tasks import MemoryTasks
from stigmergy.platform.tasks import TaskDesk
from stigmergy.testing import EPOCH

Build = Callable[..., Any]


class Gate:
    """A script that answers at once, and says which rows there were when it was asked."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.rows: list[Status] = []

    def line(self, call: int, request: Request) -> str:
        self.rows += [record.status for record in self._store.tasks._records.values()]
        return "done"


class Moody(MemoryTasks):
    """Task rows of a store that is away when a task ends."""

    def __init__(self) -> None:
        super().__init__()
        self.away = 1

    async def finish(self, task_id: TaskId, **end: Any) -> TaskRecord:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("memory://", "it is still away")
        return await super().finish(task_id, **end)


class Held(MemoryTasks):
    """Task rows of a store that takes its time with every end."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()

    async def finish(self, task_id: TaskId, **end: Any) -> TaskRecord:
        await self.let_go.wait()
        return await super().finish(task_id, **end)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def made(house: Build, staged: Build, profile: Build, store: MemoryStore) -> Any:
    return house(staged([[profile("a", 1)]]), {"a": Gate(store)})


@pytest.fixture
def desk(made: Any, store: MemoryStore) -> TaskDesk:
    def summary(ran: Ran) -> str:
        return f'{{"route": "{"-".join(ran.episode.route)}"}}'

    return TaskDesk(engine=made.engine, store=store, clock=made.clock, owner="here", summarise=summary)


async def test_the_row_is_there_before_the_task_runs_and_says_how_it_ended(
    made: Any, desk: TaskDesk, store: MemoryStore
) -> None:
    record = await desk.accept(made.task(), "hash")
    assert (record.status, desk.in_flight) == (Status.RUNNING, 1)
    answered = await desk.finished("task-1")
    assert made.agents["a"]._script.rows == [Status.RUNNING]
    row = await store.tasks.get("task-1")
    assert (row.status, row.answer, row.result, row.owner) == (Status.COMPLETED, "done", '{"route": "a"}', "here")
    assert answered.record == row
    assert answered.ran is not None
    assert (answered.ran.episode.id, desk.in_flight) == (row.episode_id, 0)


async def test_what_cannot_be_run_is_refused_and_not_stored(made: Any, desk: TaskDesk, store: MemoryStore) -> None:
    with pytest.raises(BudgetTooSmall):
        await desk.accept(made.task(Budget(max_usd=Decimal("0.1"))), "hash")
    with pytest.raises(UnknownRouter):
        await desk.accept(made.task(router="other"), "hash")
    assert (await store.tasks.list(TaskFilter())).tasks == ()


async def test_one_idempotency_key_runs_once(made: Any, desk: TaskDesk) -> None:
    first = await desk.accept(made.task(idempotency_key="k"), "hash")
    again = await desk.accept(made.task(id="task-2", idempotency_key="k"), "hash")
    assert again.task.id == first.task.id
    with pytest.raises(IdempotencyConflict):
        await desk.accept(made.task(id="task-3", idempotency_key="k"), "another")
    await desk.finished("task-1")
    assert made.calls("a") == 1


async def test_a_task_that_comes_again_under_its_own_id_is_not_started_twice(made: Any, desk: TaskDesk) -> None:
    await desk.accept(made.task(), "hash")
    await desk.accept(made.task(), "hash")
    await desk.finished("task-1")
    ended = await desk.accept(made.task(), "hash")
    assert (ended.status, made.calls("a"), desk.in_flight) == (Status.COMPLETED, 1, 0)


async def test_a_caller_that_goes_away_does_not_stop_its_task(made: Any, desk: TaskDesk, store: MemoryStore) -> None:
    await desk.accept(made.task(), "hash")
    waiting = asyncio.create_task(desk.finished("task-1"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await desk.aclose()
    assert (await store.tasks.get("task-1")).status is Status.COMPLETED


async def test_waiting_ends_at_its_time_limit_and_the_task_goes_on(
    made: Any, desk: TaskDesk, store: MemoryStore
) -> None:
    store.tasks = held = Held()
    await desk.accept(made.task(), "hash")
    answered = await desk.finished("task-1", timeout_s=0)
    assert (answered.record.status.ended, answered.ran) == (False, None)
    held.let_go.set()
    assert (await desk.finished("task-1")).record.status is Status.COMPLETED


async def test_a_task_that_ran_elsewhere_is_looked_up(made: Any, desk: TaskDesk, store: MemoryStore) -> None:
    await store.tasks.create(made.task(), "hash")
    assert (await desk.finished("task-1")).record.status is Status.PENDING
    with pytest.raises(TaskNotFound):
        await desk.finished("nobody")


async def test_what_an_earlier_server_left_is_run_again_and_what_it_ended_is_not(
    made: Any, desk: TaskDesk, store: MemoryStore
) -> None:
    for number in range(3):
        await store.tasks.create(made.task(id=f"t{number}"), str(number))
    await store.tasks.mark_running("t1", "earlier", "ep-old", EPOCH)
    await store.tasks.finish("t2", status=Status.CANCELLED, reason="gone", at=EPOCH)
    assert await desk.take_over() == 0
    made.clock.advance(60)
    assert await desk.take_over() == 2
    assert await desk.take_over() == 0
    await desk.aclose()
    rows = [await store.tasks.get(f"t{number}") for number in range(3)]
    assert [row.status for row in rows] == [Status.COMPLETED, Status.COMPLETED, Status.CANCELLED]
    assert (rows[1].owner, rows[1].attempts, made.calls("a")) == ("here", 2, 2)


async def test_a_task_left_from_another_configuration_ends_as_refused(
    made: Any, desk: TaskDesk, store: MemoryStore
) -> None:
    await store.tasks.create(made.task(graph="gone"), "hash")
    made.clock.advance(60)
    await desk.take_over()
    await desk.aclose()
    row = await store.tasks.get("task-1")
    assert row.status is Status.REFUSED
    assert "gone" in row.reason


async def test_a_defect_ends_the_task_and_says_so(made: Any, store: MemoryStore) -> None:
    def defect(ran: Ran) -> str:
        raise ZeroDivisionError("a defect")

    desk = TaskDesk(engine=made.engine, store=store, clock=made.clock, owner="here", summarise=defect)
    await desk.accept(made.task(), "hash")
    answered = await desk.finished("task-1")
    assert answered.record.status is Status.ESCALATED
    assert answered.record.reason == "internal error: ZeroDivisionError: a defect"


async def test_a_run_that_was_paid_for_is_not_lost_while_the_store_is_away(
    made: Any, desk: TaskDesk, store: MemoryStore
) -> None:
    store.tasks = Moody()
    await desk.accept(made.task(), "hash")
    answered = await desk.finished("task-1")
    assert (answered.record.status, answered.record.answer) == (Status.COMPLETED, "done")


async def test_tasks_of_one_desk_run_side_by_side(made: Any, desk: TaskDesk) -> None:
    for number in range(5):
        await desk.accept(replace(made.task(), id=f"t{number}", created_at=EPOCH + timedelta(seconds=number)), "h")
    assert desk.in_flight == 5
    await desk.aclose()
    assert (desk.in_flight, made.calls("a")) == (0, 5)


async def test_what_another_process_holds_is_left_to_it_until_its_lease_runs_out(
    made: Any, desk: TaskDesk, store: MemoryStore
) -> None:
    alive = Lease("another", made.clock.now() + timedelta(seconds=15))
    await store.tasks.create(made.task(), "hash", alive)
    made.clock.advance(14)
    assert await desk.take_over() == 0
    await store.tasks.renew(Lease("another", made.clock.now() + timedelta(seconds=15)))
    made.clock.advance(14)
    assert await desk.take_over() == 0
    made.clock.advance(2)
    assert await desk.take_over() == 1
    await desk.aclose()
    assert (await store.tasks.get("task-1")).status is Status.COMPLETED


async def test_a_task_that_kills_every_process_is_given_up(made: Any, desk: TaskDesk, store: MemoryStore) -> None:
    await store.tasks.create(made.task(), "hash")
    for number in range(3):
        await store.tasks.mark_running("task-1", f"dead-{number}", f"ep-{number}", EPOCH)
    made.clock.advance(60)
    assert await desk.take_over() == 1
    row = await store.tasks.get("task-1")
    assert row.status is Status.ESCALATED
    assert "given up" in row.reason
    assert made.calls("a") == 0


async def test_an_accepted_task_is_leased_to_this_process(made: Any, desk: TaskDesk, store: MemoryStore) -> None:
    record = await desk.accept(made.task(), "hash")
    assert record.owner == "here"
    assert record.lease_expires_at == made.clock.now() + timedelta(seconds=15)
    await desk.aclose()
