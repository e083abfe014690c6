"""The contract of EpisodeStore, on every implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from stigmergy.domain import Episode, Failure, FailureKind, Spend, Status, Usage
from stigmergy.errors import EpisodeNotFound, InvalidQuery, SequenceConflict, StoreError
from stigmergy.platform.chain import chain_hash, chained
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Closing, EpisodeFilter, Feedback, StoredEvent

NOW = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
NASTY = "NUL \0, a lone surrogate \ud800, ESC \x1b, quote ', \u202e and 𝄞"

FULL = Episode(
    id="full",
    task_id="t",
    graph="workbench",
    router="ant_colony",
    task_type="math",
    status=Status.DEMOTED,
    reason=NASTY,
    route=("START", "solve", "check", "GOAL"),
    answer=NASTY,
    usage=Usage(120, 30, 2, Decimal("0.000000001"), 0.1 + 0.2, 96),
    charged_usd=Decimal("12345.678901234"),
    reroutes=1,
    failures=(
        Failure(node="solve", agent="s", kind=FailureKind.TIMEOUT, reason=NASTY, charged=Spend(Decimal("0.5"), 9, 1)),
        Failure(node="check", agent="c", kind=FailureKind.REFUSED, reason=""),
    ),
    dropped=("format",),
    control_llm_calls=0,
    quality=0.1,
    started_at=NOW - timedelta(seconds=1),
    finished_at=NOW,
    head="5e" * 32,
)
BARE = replace(
    FULL,
    id="bare",
    task_type=None,
    answer=None,
    route=(),
    failures=(),
    dropped=(),
    quality=None,
    usage=Usage(),
    head="",
)


def given(episode_id: str, seq: int) -> StoredEvent:
    return StoredEvent(episode_id, seq, "quality_given", "{}", 1, NOW)


def episode(episode_id: str, seconds: int = 0, graph: str = "g", router: str = "r") -> Episode:
    return replace(BARE, id=episode_id, graph=graph, router=router, finished_at=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("given", [FULL, BARE], ids=["full", "bare"])
async def test_every_field_of_an_episode_comes_back(store: Store, given: Episode) -> None:
    await store.episodes.save(given)
    assert await store.episodes.get(given.id) == given


async def test_an_unknown_episode_is_not_found(store: Store) -> None:
    with pytest.raises(EpisodeNotFound):
        await store.episodes.get(NASTY)
    with pytest.raises(EpisodeNotFound):
        await store.episodes.add_feedback(Feedback("nobody", 1.0, "user", None, NOW), given("nobody", 0))
    assert await store.journal.read("nobody") == ()
    assert await store.episodes.feedback("nobody") == ()


async def test_saving_again_replaces(store: Store) -> None:
    await store.episodes.save(FULL)
    changed = replace(FULL, status=Status.COMPLETED, answer=None, quality=0.9)
    await store.episodes.save(changed)
    assert await store.episodes.get("full") == changed


async def test_many_are_saved_together_and_saving_none_is_harmless(store: Store) -> None:
    await store.episodes.save_many([])
    await store.episodes.save(episode("e1", graph="before"))
    await store.episodes.save_many([episode(f"e{number}", number) for number in (2, 0, 1)])
    page = await store.episodes.list(EpisodeFilter(graph="g"))
    assert [found.id for found in page.episodes] == ["e2", "e1", "e0"]


async def test_feedback_is_kept_in_order_and_sets_the_quality(store: Store) -> None:
    await store.episodes.save(BARE)
    judgements = (Feedback("bare", 0.2, "judge", NASTY, NOW), Feedback("bare", 1.0, "user", None, NOW))
    for seq, feedback in enumerate(judgements):
        await store.episodes.add_feedback(feedback, given("bare", seq))
    assert await store.episodes.feedback("bare") == judgements
    assert await store.journal.read("bare") == (given("bare", 0), given("bare", 1))
    assert (await store.episodes.get("bare")).quality == 1.0


async def test_saving_again_without_a_quality_keeps_what_feedback_gave(store: Store) -> None:
    await store.episodes.save(BARE)
    await store.episodes.add_feedback(Feedback("bare", 0.75, "user", None, NOW), given("bare", 0))
    await store.episodes.save(BARE)
    assert (await store.episodes.get("bare")).quality == 0.75
    assert len(await store.episodes.feedback("bare")) == 1


async def sealed(store: Store) -> StoredEvent:
    """An episode with one chained event and its head; returns the event."""
    (first,) = chained([given("bare", 0)])
    await store.journal.append("bare", [first])
    await store.episodes.save(replace(BARE, head=chain_hash(first)))
    return first


async def test_feedback_moves_the_head_and_saving_the_older_summary_again_does_not_move_it_back(store: Store) -> None:
    first = await sealed(store)
    (second,) = chained([given("bare", 1)], first)
    await store.episodes.add_feedback(Feedback("bare", 0.5, "user", None, NOW), second)
    await store.episodes.save(replace(BARE, head=chain_hash(first)))
    assert (await store.episodes.get("bare")).head == chain_hash(second)
    assert await store.journal.read("bare") == (first, second)


async def test_feedback_on_a_journal_that_was_changed_leaves_the_head_where_it_was(store: Store) -> None:
    first = await sealed(store)
    (after_a_change,) = chained([given("bare", 1)], replace(first, payload="changed"))
    await store.episodes.add_feedback(Feedback("bare", 0.5, "user", None, NOW), after_a_change)
    assert (await store.episodes.get("bare")).head == chain_hash(first)


async def test_feedback_on_an_episode_without_hashes_gives_it_no_head(store: Store) -> None:
    await store.episodes.save(BARE)
    await store.episodes.add_feedback(Feedback("bare", 0.5, "user", None, NOW), given("bare", 0))
    assert (await store.episodes.get("bare")).head == ""


async def test_feedback_whose_number_is_taken_changes_nothing(store: Store) -> None:
    first = await sealed(store)
    with pytest.raises(SequenceConflict):
        await store.episodes.add_feedback(Feedback("bare", 0.5, "user", None, NOW), first)
    found = await store.episodes.get("bare")
    assert (found.quality, found.head) == (None, chain_hash(first))
    assert await store.episodes.feedback("bare") == ()


async def test_feedback_with_an_event_of_another_episode_is_refused(store: Store) -> None:
    await store.episodes.save(BARE)
    with pytest.raises(StoreError):
        await store.episodes.add_feedback(Feedback("bare", 0.5, "user", None, NOW), given("other", 0))
    assert (await store.episodes.get("bare")).quality is None


async def test_episodes_are_listed_last_finished_first_and_narrowed(store: Store) -> None:
    await store.episodes.save_many(
        [episode(f"e{number}", number, f"g{number % 2}", f"r{number % 3}") for number in range(6)]
    )
    await store.episodes.save(replace(episode("e4", 4, "g0", "r1"), status=Status.ESCALATED))

    async def ids(narrow: EpisodeFilter) -> list[str]:
        return [found.id for found in (await store.episodes.list(narrow)).episodes]

    assert await ids(EpisodeFilter()) == ["e5", "e4", "e3", "e2", "e1", "e0"]
    assert await ids(EpisodeFilter(graph="g1", router="r0")) == ["e3"]
    assert await ids(EpisodeFilter(status=Status.ESCALATED)) == ["e4"]
    assert await ids(EpisodeFilter(since=NOW + timedelta(seconds=1), before=NOW + timedelta(seconds=3))) == ["e2", "e1"]


async def test_what_is_saved_while_pages_are_turned_neither_repeats_nor_hides_a_row(store: Store) -> None:
    await store.episodes.save_many([episode(name) for name in ("a", "B", "c", "é", "z")])
    first = await store.episodes.list(EpisodeFilter(limit=2))
    await store.episodes.save_many([episode("new", 5), episode("zz")])
    second = await store.episodes.list(EpisodeFilter(limit=2, cursor=first.next_cursor))
    third = await store.episodes.list(EpisodeFilter(limit=2, cursor=second.next_cursor))
    pages = [[found.id for found in page.episodes] for page in (first, second, third)]
    assert pages == [["é", "z"], ["c", "a"], ["B"]]
    assert third.next_cursor is None


@pytest.mark.parametrize("narrow", [EpisodeFilter(cursor="bm9uc2Vuc2U="), EpisodeFilter(limit=0)])
async def test_a_foreign_cursor_and_an_empty_page_are_refused(store: Store, narrow: EpisodeFilter) -> None:
    with pytest.raises(InvalidQuery):
        await store.episodes.list(narrow)


async def test_an_episode_without_a_task_is_stored_with_its_events_once(store: Store) -> None:
    events = chained([given("alone", 0), given("alone", 1)], None)
    closing = Closing(episode("alone"), events)
    await store.episodes.add(closing)
    assert await store.journal.read("alone") == events
    with pytest.raises(SequenceConflict):
        await store.episodes.add(closing)
    assert (await store.episodes.get("alone")).id == "alone"


async def test_of_many_episodes_all_are_stored_or_none_and_the_one_in_the_way_is_named(store: Store) -> None:
    first, second, third = (Closing(episode(name), chained([given(name, 0)], None)) for name in "abc")
    await store.episodes.add_many((first, second))
    assert [len(await store.journal.read(name)) for name in "abc"] == [1, 1, 0]
    with pytest.raises(SequenceConflict, match="'b'"):
        await store.episodes.add_many((third, second))
    assert await store.recorded() == ("a", "b")
