"""The contract of Journal, TrailStore, Retention and Store, on every implementation."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from stigmergy.domain import NO_USAGE, Episode, Status, Task
from stigmergy.errors import EpisodeNotFound, SequenceConflict, StoreError, TaskNotFound
from stigmergy.platform.chain import chain_hash, chained
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Feedback, StoredEvent

NOW = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
OLD = NOW - timedelta(days=30)
CUT = NOW - timedelta(days=7)
NASTY = "NUL \0, a lone surrogate \ud800, ESC \x1b, quote ', \u202e and 𝄞"


def event(episode_id: str, seq: int, at: datetime = NOW, payload: str = '{"a":1}') -> StoredEvent:
    return StoredEvent(episode_id, seq, "HopChosen", payload, 1, at)


def episode(episode_id: str, at: datetime) -> Episode:
    return Episode(
        id=episode_id,
        task_id=f"task-{episode_id}",
        graph="g",
        router="r",
        task_type=None,
        status=Status.COMPLETED,
        reason="",
        route=("START", "GOAL"),
        answer=None,
        usage=NO_USAGE,
        charged_usd=Decimal(0),
        reroutes=0,
        failures=(),
        dropped=(),
        control_llm_calls=0,
        quality=None,
        started_at=at,
        finished_at=at,
    )


def task(task_id: str, at: datetime, key: str | None = None) -> Task:
    return Task(id=task_id, text="?", graph="g", router="r", idempotency_key=key, created_at=at)


async def test_events_come_back_as_they_were_stored_and_in_order(store: Store) -> None:
    await store.journal.append("e", [event("e", 0), event("e", 1, payload=NASTY)])
    await store.journal.append("e", [event("e", 2, at=NOW.astimezone(UTC))])
    assert await store.journal.read("e") == (event("e", 0), event("e", 1, payload=NASTY), event("e", 2))


async def test_a_chained_journal_has_the_same_hashes_when_it_comes_back(store: Store) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    given = [event(NASTY, 0, elsewhere, NASTY), event(NASTY, 1, elsewhere.replace(microsecond=0)), event(NASTY, 2)]
    stored = chained(given)
    await store.journal.append(NASTY, stored)
    assert await store.journal.read(NASTY) == stored
    assert [chain_hash(back) for back in await store.journal.read(NASTY)] == [chain_hash(each) for each in stored]


async def test_everything_recorded_is_listed_in_order_and_in_pages(store: Store) -> None:
    for name in ("b", "é", "a"):
        await store.journal.append(name, [event(name, 0), event(name, 1)])
    for name in ("a", "Z", "b"):
        await store.episodes.save(episode(name, NOW))
    assert await store.recorded() == ("Z", "a", "b", "é")
    assert await store.recorded(limit=3) == ("Z", "a", "b")
    assert await store.recorded("b", limit=3) == ("é",)
    assert await store.recorded("é") == ()


async def test_reading_after_a_number_gives_only_what_is_newer(store: Store) -> None:
    await store.journal.append("e", [event("e", seq) for seq in range(5)])
    assert [stored.seq for stored in await store.journal.read("e", after=2)] == [3, 4]


async def test_an_unknown_episode_has_no_events(store: Store) -> None:
    assert await store.journal.read(NASTY) == ()


async def test_appending_nothing_changes_nothing(store: Store) -> None:
    await store.journal.append("e", [])
    assert await store.journal.read("e") == ()


async def test_a_taken_number_is_a_conflict_and_nothing_of_the_call_is_stored(store: Store) -> None:
    await store.journal.append("e", [event("e", 0), event("e", 1)])
    with pytest.raises(SequenceConflict) as conflict:
        await store.journal.append("e", [event("e", 2), event("e", 1), event("e", 3)])
    assert (conflict.value.episode_id, conflict.value.seq) == ("e", 1)
    assert [stored.seq for stored in await store.journal.read("e")] == [0, 1]


async def test_a_number_given_twice_in_one_call_is_a_conflict(store: Store) -> None:
    with pytest.raises(SequenceConflict):
        await store.journal.append("e", [event("e", 7), event("e", 7)])
    assert await store.journal.read("e") == ()


async def test_events_of_another_episode_are_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="'other'"):
        await store.journal.append("e", [event("other", 0)])


async def test_of_many_writers_that_want_one_number_exactly_one_gets_it(store: Store) -> None:
    wanted = [store.journal.append("e", [event("e", 0, payload=str(writer))]) for writer in range(20)]
    ends = await asyncio.gather(*wanted, return_exceptions=True)
    assert ends.count(None) == 1
    assert sum(isinstance(end, SequenceConflict) for end in ends) == 19
    assert (await store.journal.read("e"))[0].payload == str(ends.index(None))


async def test_a_conflict_among_concurrent_appends_fails_alone(store: Store) -> None:
    await store.journal.append("taken", [event("taken", 0)])
    names = [f"e{number}" for number in range(30)]
    appends = [store.journal.append(name, [event(name, 0), event(name, 1)]) for name in [*names, "taken", *names]]
    ends = await asyncio.gather(*appends, return_exceptions=True)
    assert ends[:30] == [None] * 30
    assert all(isinstance(end, SequenceConflict) for end in ends[30:])
    for name in names:
        assert len(await store.journal.read(name)) == 2


async def test_trails_are_loaded_as_saved(store: Store) -> None:
    assert await store.trails.load("main") is None
    await store.trails.save("main", 3, '{"math":{}}')
    await store.trails.save("other", 1, "{}")
    assert await store.trails.load("main") == (3, '{"math":{}}')


async def test_a_newer_checkpoint_replaces_an_older_one_and_never_the_other_way(store: Store) -> None:
    await store.trails.save("main", 3, "three")
    await store.trails.save("main", 4, "four")
    await store.trails.save("main", 2, "two")
    assert await store.trails.load("main") == (4, "four")
    await store.trails.save("main", 4, "four again")
    assert await store.trails.load("main") == (4, "four again")


async def test_purging_forgets_what_ended_before_the_cut_and_counts_it(store: Store) -> None:
    for name, at in (("old", OLD), ("new", NOW)):
        await store.tasks.create(task(name, at, key=name), "body")
        await store.tasks.finish(name, status=Status.COMPLETED, reason="", at=at)
        await store.episodes.save(episode(name, at))
        await store.episodes.add_feedback(Feedback(name, 1.0, "user", None, at), event(name, 1, at))
        await store.journal.append(name, [event(name, 0, at)])
    assert await store.purge(CUT) == 4
    with pytest.raises(TaskNotFound):
        await store.tasks.get("old")
    with pytest.raises(EpisodeNotFound):
        await store.episodes.get("old")
    assert await store.episodes.feedback("old") == ()
    assert await store.journal.read("old") == ()
    assert (await store.tasks.get("new")).status is Status.COMPLETED
    assert len(await store.episodes.feedback("new")) == 1
    assert len(await store.journal.read("new")) == 2
    assert await store.purge(CUT) == 0


async def test_events_without_an_episode_are_purged_once_the_last_of_them_is_old(store: Store) -> None:
    await store.journal.append("lost", [event("lost", 0, OLD), event("lost", 1, OLD)])
    await store.journal.append("alive", [event("alive", 0, OLD), event("alive", 1, NOW)])
    assert await store.purge(CUT) == 2
    assert await store.journal.read("lost") == ()
    assert len(await store.journal.read("alive")) == 2


async def test_nothing_of_an_unfinished_task_is_purged(store: Store) -> None:
    await store.tasks.create(task("t", OLD), "body")
    await store.tasks.mark_running("t", "worker", "e", OLD)
    await store.journal.append("e", [event("e", 0, OLD)])
    await store.episodes.save(episode("e", OLD))
    assert await store.purge(CUT) == 0
    assert len(await store.journal.read("e")) == 1


async def test_a_purge_of_many_rows_takes_all_of_them(store: Store) -> None:
    await store.episodes.save_many([episode(f"e{number}", OLD) for number in range(450)])
    assert await store.purge(CUT) == 450


async def test_a_purged_idempotency_key_can_be_used_again(store: Store) -> None:
    await store.tasks.create(task("t1", OLD, key="k"), "body")
    await store.tasks.finish("t1", status=Status.CANCELLED, reason="", at=OLD)
    await store.purge(CUT)
    assert (await store.tasks.create(task("t2", NOW, key="k"), "another body")).task.id == "t2"


async def test_closing_commits_what_waits_and_closing_twice_is_harmless(store: Store) -> None:
    appends = [asyncio.ensure_future(store.journal.append("e", [event("e", seq)])) for seq in range(50)]
    await asyncio.sleep(0)
    await store.aclose()
    await store.aclose()
    assert await asyncio.gather(*appends) == [None] * 50
