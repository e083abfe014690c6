"""The contract of TaskStore, on every implementation."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from stigmergy.domain import Budget, Message, Status, Task
from stigmergy.errors import IdempotencyConflict, InvalidQuery, StoreError, TaskNotFound
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Lease, TaskFilter, TaskRecord

NOW = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
NASTY = "NUL \0, a lone surrogate \ud800, ESC \x1b, quote ', \u202e and 𝄞"


def task(task_id: str, at: datetime = NOW, key: str | None = None, tenant: str = "local", graph: str = "g") -> Task:
    return Task(
        id=task_id, text="2+2?", graph=graph, router="dijkstra", tenant=tenant, idempotency_key=key, created_at=at
    )


FULL = Task(
    id="full",
    text=NASTY,
    graph="workbench",
    router="ant_colony",
    messages=(Message("system", "be brief"), Message("user", NASTY), Message("tool", "x", {"tool_call_id": NASTY})),
    budget=Budget(Decimal("0.123456789"), 10_000, 7, NOW + timedelta(seconds=30)),
    task_type="math",
    reference=NASTY,
    idempotency_key=NASTY,
    labels={"team": "blue", NASTY: NASTY},
    tenant="acme",
    trade_off=0.25,
    options={"temperature": 0.5, "tools": [{"type": "function", "function": {"name": NASTY}}]},
    priority=-7,
    created_at=NOW.astimezone(timezone(timedelta(hours=5, minutes=30))),
)


@pytest.mark.parametrize("given", [FULL, task("bare")], ids=["full", "bare"])
async def test_every_field_of_a_task_comes_back(store: Store, given: Task) -> None:
    created = await store.tasks.create(given, "body")
    assert created == TaskRecord(task=given, updated_at=NOW)
    assert await store.tasks.get(given.id) == created


async def test_an_unknown_task_is_not_found(store: Store) -> None:
    for call in (
        store.tasks.get(NASTY),
        store.tasks.mark_running("nobody", "w", "e", NOW),
        store.tasks.finish("nobody", status=Status.COMPLETED, reason="", at=NOW),
        store.tasks.request_cancel("nobody", "", NOW),
    ):
        with pytest.raises(TaskNotFound):
            await call


async def test_the_same_key_and_body_give_the_stored_task_as_it_stands(store: Store) -> None:
    await store.tasks.create(task("first", key="k"), "body")
    await store.tasks.finish("first", status=Status.COMPLETED, reason="done", at=LATER, answer="4")
    again = await store.tasks.create(task("second", key="k"), "body")
    assert (again.task.id, again.status, again.answer) == ("first", Status.COMPLETED, "4")
    with pytest.raises(TaskNotFound):
        await store.tasks.get("second")


async def test_the_same_key_with_another_body_is_a_conflict_that_names_the_task(store: Store) -> None:
    await store.tasks.create(task("first", key="k"), "body")
    with pytest.raises(IdempotencyConflict) as conflict:
        await store.tasks.create(task("second", key="k"), "another body")
    assert (conflict.value.key, conflict.value.task_id) == ("k", "first")


async def test_tenants_do_not_share_keys_and_tasks_without_key_never_meet(store: Store) -> None:
    for given in (task("a", key="k"), task("b", key="k", tenant="acme"), task("c"), task("d")):
        assert (await store.tasks.create(given, given.id)).task.id == given.id


async def test_the_same_id_again_is_the_same_task_or_a_conflict(store: Store) -> None:
    await store.tasks.create(task("t"), "body")
    assert (await store.tasks.create(task("t"), "body")).task.id == "t"
    with pytest.raises(IdempotencyConflict):
        await store.tasks.create(task("t"), "another body")


async def test_of_many_creations_under_one_key_one_is_stored(store: Store) -> None:
    records = await asyncio.gather(*(store.tasks.create(task(f"t{n}", key="k"), "body") for n in range(20)))
    assert len({record.task.id for record in records}) == 1
    assert len((await store.tasks.list(TaskFilter())).tasks) == 1


async def test_a_running_task_names_its_owner_its_episode_and_its_attempts(store: Store) -> None:
    await store.tasks.create(task("t"), "body")
    await store.tasks.mark_running("t", "worker-1", "e1", NOW)
    running = await store.tasks.mark_running("t", "worker-2", "e2", LATER)
    assert (running.status, running.owner, running.episode_id) == (Status.RUNNING, "worker-2", "e2")
    assert (running.attempts, running.updated_at) == (2, LATER)
    assert await store.tasks.get("t") == running


async def test_a_finished_task_keeps_its_first_end(store: Store) -> None:
    await store.tasks.create(task("t"), "body")
    await store.tasks.mark_running("t", "w", "e", NOW)
    first = await store.tasks.finish(
        "t", status=Status.DEMOTED, reason=NASTY, at=LATER, answer=NASTY, result='{"quality":0.5}'
    )
    assert (first.status, first.reason, first.answer, first.result) == (
        Status.DEMOTED,
        NASTY,
        NASTY,
        '{"quality":0.5}',
    )
    assert await store.tasks.finish("t", status=Status.CANCELLED, reason="late", at=LATER) == first
    assert await store.tasks.mark_running("t", "other", "e2", LATER) == first
    assert await store.tasks.get("t") == first


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING])
async def test_a_task_cannot_finish_without_an_end(store: Store, status: Status) -> None:
    await store.tasks.create(task("t"), "body")
    with pytest.raises(StoreError, match=status.value):
        await store.tasks.finish("t", status=status, reason="", at=NOW)


async def test_tasks_are_listed_newest_first_and_narrowed(store: Store) -> None:
    for number in range(6):
        at = NOW + timedelta(seconds=number)
        graph, tenant = f"g{number % 2}", f"tenant{number % 3}"
        await store.tasks.create(task(f"t{number}", at, graph=graph, tenant=tenant), "body")
    await store.tasks.finish("t4", status=Status.COMPLETED, reason="", at=LATER)

    async def ids(narrow: TaskFilter) -> list[str]:
        return [record.task.id for record in (await store.tasks.list(narrow)).tasks]

    assert await ids(TaskFilter()) == ["t5", "t4", "t3", "t2", "t1", "t0"]
    assert await ids(TaskFilter(graph="g0")) == ["t4", "t2", "t0"]
    assert await ids(TaskFilter(tenant="tenant1", status=Status.PENDING)) == ["t1"]
    assert await ids(TaskFilter(since=NOW + timedelta(seconds=2), before=NOW + timedelta(seconds=4))) == ["t3", "t2"]


async def test_pages_of_tasks_of_one_instant_are_complete(store: Store) -> None:
    for number in range(7):
        await store.tasks.create(task(f"t{number}"), "body")
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        page = await store.tasks.list(TaskFilter(limit=2, cursor=cursor))
        seen += [record.task.id for record in page.tasks]
        cursor = page.next_cursor
    assert (seen, cursor) == ([f"t{number}" for number in range(6, -1, -1)], None)


@pytest.mark.parametrize("narrow", [TaskFilter(cursor="nonsense"), TaskFilter(limit=0)])
async def test_a_foreign_cursor_and_an_empty_page_are_refused(store: Store, narrow: TaskFilter) -> None:
    with pytest.raises(InvalidQuery):
        await store.tasks.list(narrow)


async def test_unfinished_gives_stale_tasks_the_stalest_first(store: Store) -> None:
    for name, minutes in (("pending", 1), ("running", 0), ("ended", 0), ("fresh", 9)):
        await store.tasks.create(task(name, NOW + timedelta(minutes=minutes)), "body")
    await store.tasks.mark_running("running", "w", "e", NOW + timedelta(minutes=2))
    await store.tasks.finish("ended", status=Status.REFUSED, reason="", at=NOW)
    assert [record.task.id for record in await store.tasks.unfinished(LATER)] == ["pending", "running"]
    assert [record.task.id for record in await store.tasks.unfinished(LATER, limit=1)] == ["pending"]


async def test_a_leased_task_is_nobody_elses_until_the_lease_runs_out(store: Store) -> None:
    await store.tasks.create(task("t"), "body", Lease("first", NOW + timedelta(seconds=10)))
    before, after = NOW + timedelta(seconds=9), NOW + timedelta(seconds=11)
    assert await store.tasks.claim(Lease("second", before + timedelta(seconds=10)), before) == ()
    (taken,) = await store.tasks.claim(Lease("second", after + timedelta(seconds=10)), after)
    assert (taken.task.id, taken.owner, taken.lease_expires_at) == ("t", "second", after + timedelta(seconds=10))
    assert await store.tasks.claim(Lease("third", after + timedelta(seconds=10)), after) == ()


async def test_renewing_prolongs_what_the_owner_holds_and_nothing_else(store: Store) -> None:
    for name, owner in (("a", "first"), ("b", "first"), ("c", "second")):
        await store.tasks.create(task(name), name, Lease(owner, NOW + timedelta(seconds=10)))
    await store.tasks.finish("b", status=Status.COMPLETED, reason="done", at=NOW)
    longer = Lease("first", NOW + timedelta(seconds=60))
    assert await store.tasks.renew(longer, ()) == 0
    assert await store.tasks.renew(longer, ("a", "b", "c", "nobody")) == 1
    now = NOW + timedelta(seconds=11)
    claimed = await store.tasks.claim(Lease("third", now + timedelta(seconds=10)), now)
    assert [record.task.id for record in claimed] == ["c"]


async def test_a_task_without_a_lease_waits_for_whoever_comes_first(store: Store) -> None:
    await store.tasks.create(task("t"), "body")
    assert await store.tasks.waiting(NOW) == 1
    assert len(await store.tasks.claim(Lease("w", LATER), NOW)) == 1
    assert await store.tasks.waiting(NOW) == 0
    assert await store.tasks.claim(Lease("late", LATER), NOW) == ()


async def test_an_ended_task_is_never_claimed(store: Store) -> None:
    await store.tasks.create(task("t"), "body", Lease("first", NOW))
    await store.tasks.finish("t", status=Status.ESCALATED, reason="no path", at=NOW)
    assert await store.tasks.claim(Lease("w", LATER + timedelta(seconds=10)), LATER) == ()


async def test_no_task_is_given_to_two_claimers(store: Store) -> None:
    for number in range(30):
        await store.tasks.create(task(f"t{number}"), "body", Lease("dead", NOW))
    claims = await asyncio.gather(
        *(store.tasks.claim(Lease(f"w{n}", LATER + timedelta(seconds=10)), LATER, limit=7) for n in range(8))
    )
    ids = [record.task.id for claim in claims for record in claim]
    assert sorted(ids) == sorted(f"t{number}" for number in range(30))


async def test_cancelling_what_nobody_runs_ends_it_at_once(store: Store) -> None:
    await store.tasks.create(task("never_leased"), "body")
    await store.tasks.create(task("lapsed"), "body", Lease("dead", NOW + timedelta(seconds=10)))
    await store.tasks.mark_running("lapsed", "dead", "e", NOW)
    for name in ("never_leased", "lapsed"):
        cancelled = await store.tasks.request_cancel(name, "on request", LATER)
        assert (cancelled.status, cancelled.reason) == (Status.CANCELLED, "on request")
        assert (cancelled.cancel_requested, cancelled.lease_expires_at, cancelled.updated_at) == (True, None, LATER)
        assert await store.tasks.get(name) == cancelled
    assert await store.tasks.cancel_requests("dead") == ()


async def test_cancelling_what_somebody_holds_flags_it_for_its_owner_alone(store: Store) -> None:
    for name, owner in (("a", "first"), ("b", "first"), ("c", "second")):
        await store.tasks.create(task(name), name, Lease(owner, LATER))
    await store.tasks.mark_running("a", "first", "e", NOW)
    for name in ("a", "c"):
        flagged = await store.tasks.request_cancel(name, "on request", NOW)
        assert (flagged.status.ended, flagged.reason, flagged.cancel_requested) == (False, "", True)
    assert await store.tasks.cancel_requests("first") == ("a",)
    assert await store.tasks.cancel_requests("second") == ("c",)
    await store.tasks.finish("a", status=Status.CANCELLED, reason="stopped", at=NOW)
    assert await store.tasks.cancel_requests("first") == ()


async def test_a_flag_outlives_the_owner_and_shows_to_whoever_claims_the_task(store: Store) -> None:
    await store.tasks.create(task("t"), "body", Lease("dead", NOW + timedelta(seconds=10)))
    await store.tasks.request_cancel("t", "on request", NOW)
    (claimed,) = await store.tasks.claim(Lease("heir", LATER + timedelta(seconds=10)), LATER)
    assert claimed.cancel_requested
    assert await store.tasks.cancel_requests("heir") == ("t",)


async def test_cancelling_what_has_ended_changes_nothing(store: Store) -> None:
    await store.tasks.create(task("t"), "body", Lease("w", NOW))
    ended = await store.tasks.finish("t", status=Status.COMPLETED, reason="done", at=NOW, answer="4")
    assert await store.tasks.request_cancel("t", "late", LATER) == ended


async def test_a_task_is_claimed_or_cancelled_and_never_both(store: Store) -> None:
    for number in range(20):
        await store.tasks.create(task(f"t{number}"), "body", Lease("dead", NOW))
    lease = Lease("heir", LATER + timedelta(seconds=10))
    cancels = (store.tasks.request_cancel(f"t{number}", "on request", LATER) for number in range(20))
    claiming = asyncio.create_task(store.tasks.claim(lease, LATER))
    records, claimed = await asyncio.gather(*cancels), await claiming
    ended = {record.task.id for record in records if record.status.ended}
    assert ended.isdisjoint(record.task.id for record in claimed)
    assert ended | set(await store.tasks.cancel_requests("heir")) == {f"t{number}" for number in range(20)}


async def test_what_is_known_is_told_without_storing_anything(store: Store) -> None:
    assert await store.tasks.known(task("t", key="k"), "body") is None
    created = await store.tasks.create(task("t", key="k"), "body")
    assert await store.tasks.known(task("again", key="k"), "body") == created
    assert await store.tasks.known(task("again", key="k", tenant="acme"), "body") is None
    with pytest.raises(IdempotencyConflict):
        await store.tasks.known(task("again", key="k"), "another body")
