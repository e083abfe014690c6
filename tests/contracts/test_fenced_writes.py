"""What a process writes for a task while it holds it, and when it does not any more, on every store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from stigmergy.domain import NO_USAGE, Episode, Status, Task
from stigmergy.errors import EpisodeNotFound, SequenceConflict, TaskTakenOver
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Closing, Fence, Lease, StoredEvent

NOW = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
TASK = Task(id="t", text="?", graph="g", router="r", created_at=NOW)
FENCE = Fence("t", 0)


def event(seq: int) -> StoredEvent:
    return StoredEvent("e", seq, "hop_chosen", '{"a":1}', 1, NOW)


EPISODE = Episode(
    id="e",
    task_id="t",
    graph="g",
    router="r",
    task_type=None,
    status=Status.COMPLETED,
    reason="",
    route=(),
    answer="4",
    usage=NO_USAGE,
    charged_usd=Decimal(0),
    reroutes=0,
    failures=(),
    dropped=(),
    control_llm_calls=0,
    quality=None,
    started_at=NOW,
    finished_at=NOW,
    head="h",
)


async def taken_over(store: Store) -> Fence:
    (record,) = await store.tasks.claim(Lease("heir", NOW + timedelta(hours=1)), NOW + timedelta(minutes=1))
    return Fence("t", record.epoch)


async def begin(store: Store) -> None:
    await store.tasks.create(TASK, "body", Lease("first", NOW), "e")


async def test_a_task_that_is_created_with_an_episode_runs_at_once(store: Store) -> None:
    await begin(store)
    record = await store.tasks.get("t")
    assert (record.status, record.episode_id, record.attempts) == (Status.RUNNING, "e", 1)
    assert (record.owner, record.epoch) == ("first", 0)


async def test_the_holder_appends_until_another_process_takes_over(store: Store) -> None:
    await begin(store)
    await store.journal.append("e", [event(0), event(1)], FENCE)
    heir = await taken_over(store)
    assert heir.epoch == 1
    with pytest.raises(TaskTakenOver, match="another process"):
        await store.journal.append("e", [event(2)], FENCE)
    await store.journal.append("e", [event(2)], heir)
    assert [each.seq for each in await store.journal.read("e")] == [0, 1, 2]


async def test_nobody_appends_for_a_task_that_has_ended_or_never_was(store: Store) -> None:
    await begin(store)
    await store.tasks.finish("t", status=Status.CANCELLED, reason="gone", at=NOW)
    for fence in (FENCE, Fence("nobody", 0)):
        with pytest.raises(TaskTakenOver):
            await store.journal.append("e", [event(0)], fence)
    assert await store.journal.read("e") == ()


async def test_a_fallen_fence_does_not_spoil_what_others_append_at_the_same_time(store: Store) -> None:
    await begin(store)
    stale, fine = await asyncio.gather(
        store.journal.append("e", [event(0)], Fence("t", 7)),
        store.journal.append("e", [event(0)], FENCE),
        return_exceptions=True,
    )
    assert (type(stale), fine) == (TaskTakenOver, None)
    with pytest.raises(SequenceConflict):
        await store.journal.append("e", [event(0)], FENCE)


async def test_the_last_events_and_the_summary_are_stored_with_the_end(store: Store) -> None:
    await begin(store)
    await store.journal.append("e", [event(0)], FENCE)
    ended = await store.tasks.finish(
        "t", status=Status.COMPLETED, reason="", at=NOW, fence=FENCE, closing=Closing(EPISODE, (event(1),))
    )
    assert ended.status is Status.COMPLETED
    assert [each.seq for each in await store.journal.read("e")] == [0, 1]
    assert await store.episodes.get("e") == EPISODE


async def test_who_lost_the_task_cannot_end_it_and_leaves_nothing(store: Store) -> None:
    await begin(store)
    await taken_over(store)
    record = await store.tasks.finish(
        "t", status=Status.COMPLETED, reason="", at=NOW, fence=FENCE, closing=Closing(EPISODE, (event(0),))
    )
    assert (record.status, record.owner) == (Status.RUNNING, "heir")
    assert await store.journal.read("e") == ()
    with pytest.raises(EpisodeNotFound):
        await store.episodes.get("e")


async def test_an_end_that_is_told_twice_is_stored_once(store: Store) -> None:
    await begin(store)
    for _ in range(2):
        await store.tasks.finish(
            "t", status=Status.COMPLETED, reason="", at=NOW, fence=FENCE, closing=Closing(EPISODE, (event(0),))
        )
    assert [each.seq for each in await store.journal.read("e")] == [0]


async def test_a_judgement_is_a_quality_and_an_event_but_no_feedback(store: Store) -> None:
    await store.episodes.save(EPISODE)
    await store.episodes.add_judgement("e", 0.5, event(0))
    assert (await store.episodes.get("e")).quality == 0.5
    assert await store.episodes.feedback("e") == ()
    assert [each.seq for each in await store.journal.read("e")] == [0]
    with pytest.raises(SequenceConflict):
        await store.episodes.add_judgement("e", 0.7, event(0))
    with pytest.raises(EpisodeNotFound):
        await store.episodes.add_judgement("nobody", 0.5, StoredEvent("nobody", 0, "k", "{}", 1, NOW))
