"""A desk runs at most so many tasks; what it accepts beyond waits in the store for whoever has room."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from stigmergy.agents.base import Request
from stigmergy.agents.silence import Silence
from stigmergy.domain import Status
from stigmergy.errors import NoDeadLetter, TaskNotFound
from stigmergy.platform.records import Lease
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.platform.tasks import LeaseTerms, TaskDesk
from stigmergy.testing import EPOCH

Build = Callable[..., Any]


class Hangs:
    """Never answers the first ``times`` calls, and says when so many were asked."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.all_asked = asyncio.Event()

    def line(self, call: int, request: Request) -> Silence | str:
        if call + 1 >= self.times:
            self.all_asked.set()
        return Silence() if call < self.times else "done"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def opened(house: Build, staged: Build, profile: Build, store: MemoryStore) -> Build:
    """``opened(max_running, hangs=0)``: a house with one agent, and a desk in it."""

    def open_desk(max_running: int, hangs: int = 0, made: Any = None) -> tuple[Any, TaskDesk, Counter[str]]:
        made = made or house(staged([[profile("a", 1)]]), {"a": Hangs(hangs)})
        counts: Counter[str] = Counter()
        desk = TaskDesk(
            engine=made.engine,
            store=store,
            clock=made.clock,
            owner=f"desk-{max_running}",
            summarise=lambda _: "{}",
            terms=LeaseTerms(max_running=max_running, claim_poll_s=0.01, drain_s=0.01),
            counts=counts,
        )
        return made, desk, counts

    return open_desk


async def accept(made: Any, desk: TaskDesk, count: int) -> None:
    await asyncio.gather(*(desk.accept(made.task(id=f"t{n}"), "hash") for n in range(count)))


async def statuses(store: MemoryStore, count: int) -> set[Status]:
    return {(await store.tasks.get(f"t{n}")).status for n in range(count)}


async def test_what_exceeds_the_room_waits_without_a_lease(opened: Build, store: MemoryStore) -> None:
    made, desk, _ = opened(2, hangs=2)
    await accept(made, desk, 5)
    await made.agents["a"]._script.all_asked.wait()
    owners = Counter([(await store.tasks.get(f"t{n}")).owner for n in range(5)])
    assert (owners, desk.in_flight, desk.waiting, desk.load) == ({"desk-2": 2, None: 3}, 2, 3, 5)
    assert await desk.take_over() == 0


async def test_what_waits_is_run_as_soon_as_there_is_room(opened: Build, store: MemoryStore) -> None:
    made, desk, _ = opened(1)
    desk.start()
    await accept(made, desk, 6)
    for n in range(6):
        while not (await desk.finished(f"t{n}", timeout_s=5)).record.status.ended:
            await desk.pause()
    assert (await statuses(store, 6), made.calls("a")) == ({Status.COMPLETED}, 6)
    await desk.aclose()


async def test_a_gateway_without_room_leaves_everything_to_a_worker(opened: Build, store: MemoryStore) -> None:
    made, gateway, _ = opened(0)
    _, worker, _ = opened(2, made=made)
    await accept(made, gateway, 3)
    assert (gateway.in_flight, await worker.take_over()) == (0, 2)
    await worker.finished("t0")
    await worker.finished("t1")
    assert await worker.take_over() == 1
    await worker.finished("t2")
    assert (await gateway.finished("t0")).record.status is Status.COMPLETED
    assert await statuses(store, 3) == {Status.COMPLETED}


async def test_what_does_not_end_while_a_desk_closes_is_handed_over_and_goes_on_elsewhere(
    opened: Build, store: MemoryStore
) -> None:
    made, leaving, _ = opened(1, hangs=1)
    _, heir, _ = opened(2, made=made)
    await accept(made, leaving, 1)
    await made.agents["a"]._script.all_asked.wait()
    await leaving.aclose()
    row = await store.tasks.get("t0")
    assert (row.status, row.owner, leaving.in_flight) == (Status.RUNNING, None, 0)
    assert await heir.take_over() == 1
    assert (await heir.finished("t0")).record.status is Status.COMPLETED


async def test_a_dead_letter_is_counted_and_runs_again_when_it_is_retried(opened: Build, store: MemoryStore) -> None:
    made, desk, counts = opened(1)
    await store.tasks.create(made.task(id="t0"), "hash", Lease("dead", EPOCH))
    for n in range(3):
        await store.tasks.mark_running("t0", f"dead-{n}", f"ep-{n}", EPOCH)
    made.clock.advance(60)
    await desk.take_over()
    assert await statuses(store, 1) == {Status.DEAD_LETTER}
    assert counts == {'tasks_ended_total{status="dead_letter"}': 1}
    assert (await desk.retry("t0")).status is Status.PENDING
    assert await desk.take_over() == 1
    assert (await desk.finished("t0")).record.status is Status.COMPLETED
    with pytest.raises(NoDeadLetter, match="completed"):
        await desk.retry("t0")
    with pytest.raises(TaskNotFound):
        await desk.retry("nobody")


async def test_a_row_that_a_desk_owns_without_knowing_it_is_not_kept_from_others(
    opened: Build, store: MemoryStore
) -> None:
    made, desk, _ = opened(1)
    _, other, _ = opened(2, made=made)
    await store.tasks.create(made.task(id="t0"), "hash", Lease("desk-1", made.clock.now()))
    made.clock.advance(1)
    desk.start()
    while not (await other.finished("t0")).record.status.ended:
        await desk.pause()
    await desk.aclose()
    assert made.calls("a") == 1
