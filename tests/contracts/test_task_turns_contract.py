"""The contract of TaskStore about waiting, on every implementation: whose turn it is, handing over, dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from stigmergy.domain import HIGHEST_PRIORITY, Status, Task
from stigmergy.errors import TaskNotFound
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Fence, Lease, TaskRecord
from stigmergy.platform.store import open_store

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def task(task_id: str, tenant: str = "local", priority: int = 0, waited: timedelta = timedelta(0)) -> Task:
    return Task(
        id=task_id,
        text="2+2?",
        graph="g",
        router="r",
        tenant=tenant,
        priority=priority,
        created_at=NOW - waited,
    )


async def put(store: Store, tasks: Iterable[Task], lease: Lease | None = None) -> None:
    for each in tasks:
        await store.tasks.create(each, each.id, lease)


async def next_ones(store: Store, limit: int, owner: str = "w") -> list[str]:
    return [record.task.id for record in await store.tasks.claim(Lease(owner, LATER), NOW, limit)]


async def test_of_one_tenant_the_higher_priority_comes_first_and_then_the_older(store: Store) -> None:
    await put(store, [task("young"), task("old", waited=timedelta(seconds=5)), task("urgent", priority=1)])
    await put(store, [task("idle", priority=-1)])
    assert await next_ones(store, 3) == ["urgent", "old", "young"]
    assert await next_ones(store, 3) == ["idle"]


async def test_a_task_of_the_lowest_priority_passes_every_one_that_comes_long_enough_after_it(store: Store) -> None:
    await put(
        store, [task("low", priority=-HIGHEST_PRIORITY, waited=timedelta(minutes=2 * HIGHEST_PRIORITY, seconds=1))]
    )
    await put(store, [task(f"high{n}", priority=HIGHEST_PRIORITY) for n in range(5)])
    assert await next_ones(store, 1) == ["low"]


async def test_a_tenant_with_many_tasks_does_not_keep_another_one_waiting(store: Store) -> None:
    await put(store, [task(f"a{n}", "a", priority=5, waited=timedelta(minutes=9 - n)) for n in range(6)])
    await put(store, [task(f"b{n}", "b", waited=timedelta(seconds=9 - n)) for n in range(2)])
    assert await next_ones(store, 4) == ["a0", "b0", "a1", "b1"]


async def test_what_a_tenant_has_running_counts_against_it_until_its_lease_has_run_out(store: Store) -> None:
    await put(store, [task("a-runs", "a"), task("a-runs-too", "a")], Lease("other", LATER))
    await put(store, [task("b-lapsed", "b")], Lease("dead", NOW - timedelta(seconds=1)))
    await put(store, [task("a", "a", waited=timedelta(hours=1)), task("b1", "b"), task("b2", "b")])
    assert await next_ones(store, 4) == ["b-lapsed", "b1", "a", "b2"]


async def test_of_many_claimers_in_many_processes_no_two_get_one_task(store: Store, store_url: str) -> None:
    await put(store, [task(f"t{n:02}", tenant=f"tenant{n % 3}") for n in range(40)])
    others = [store if store_url == "memory://" else open_store(store_url) for _ in range(3)]
    claims = await asyncio.gather(*(next_ones(other, 4, f"w{n}") for n, other in enumerate(others * 4)))
    claimed = [task_id for claim in claims for task_id in claim]
    while more := await next_ones(store, 4):
        claimed += more
    assert sorted(claimed) == [f"t{n:02}" for n in range(40)]
    for other in others:
        if other is not store:
            await other.aclose()


async def test_what_an_owner_releases_is_claimed_at_once_and_its_ends_stay(store: Store) -> None:
    await put(store, [task("runs"), task("ended")], Lease("leaving", LATER))
    await put(store, [task("kept")], Lease("staying", LATER))
    await store.tasks.mark_running("runs", "leaving", "e", NOW)
    await store.tasks.finish("ended", status=Status.COMPLETED, reason="", at=NOW)
    assert await store.tasks.release("leaving") == 1
    assert await next_ones(store, 3) == ["runs"]


async def dead_letter(store: Store) -> TaskRecord:
    await put(store, [task("t")], Lease("w", NOW))
    await store.tasks.mark_running("t", "w", "e", NOW)
    return await store.tasks.finish("t", status=Status.DEAD_LETTER, reason="given up", at=NOW)


async def test_a_dead_letter_is_not_claimed_until_it_is_retried_as_if_nobody_had_tried_it(store: Store) -> None:
    await dead_letter(store)
    assert await next_ones(store, 1) == []
    retried = await store.tasks.retry("t", LATER)
    assert (retried.status, retried.reason, retried.attempts) == (Status.PENDING, "", 0)
    assert (retried.owner, retried.lease_expires_at, retried.updated_at) == (None, None, LATER)
    assert await store.tasks.get("t") == retried
    assert await next_ones(store, 1) == ["t"]


async def test_a_retry_forgets_that_the_dead_letter_was_to_be_cancelled(store: Store) -> None:
    await put(store, [task("t")], Lease("w", LATER))
    await store.tasks.request_cancel("t", "on request", NOW)
    await store.tasks.finish("t", status=Status.DEAD_LETTER, reason="given up", at=NOW)
    assert not (await store.tasks.retry("t", NOW)).cancel_requested


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.ESCALATED])
async def test_only_a_dead_letter_is_retried(store: Store, status: Status) -> None:
    await put(store, [task("t")], Lease("w", LATER))
    ended = await store.tasks.finish("t", status=status, reason="", at=NOW)
    assert await store.tasks.retry("t", LATER) == ended
    with pytest.raises(TaskNotFound):
        await store.tasks.retry("nobody", NOW)


async def test_who_was_slower_than_its_lease_cannot_mark_the_task_as_its_own(store: Store) -> None:
    await put(store, [task("t")])
    (slow,) = await store.tasks.claim(Lease("slow", NOW), NOW)
    (heir,) = await store.tasks.claim(Lease("heir", LATER), NOW + timedelta(seconds=1))
    assert (await store.tasks.mark_running("t", "heir", "e2", NOW, Fence("t", heir.epoch))).episode_id == "e2"
    late = await store.tasks.mark_running("t", "slow", "e1", NOW, Fence("t", slow.epoch))
    assert (late.owner, late.episode_id, late.epoch, late.attempts) == ("heir", "e2", heir.epoch, 1)


async def test_being_handed_over_is_no_attempt_that_failed(store: Store) -> None:
    await put(store, [task("runs")], Lease("leaving", LATER))
    for attempts in (1, 1):
        assert (await store.tasks.mark_running("runs", "leaving", "e", NOW)).attempts == attempts
        await store.tasks.release("leaving")
        assert (await store.tasks.get("runs")).attempts == 0
