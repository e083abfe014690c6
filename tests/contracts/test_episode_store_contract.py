"""The contract of EpisodeStore, on every implementation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from stigmergy.domain import Episode, Failure, FailureKind, Spend, Status, Usage
from stigmergy.errors import EpisodeNotFound, InvalidQuery
from stigmergy.platform.ports import Store
from stigmergy.platform.records import EpisodeFilter, Feedback

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
    usage=Usage(120, 30, 2, Decimal("0.000000001"), 0.1 + 0.2),
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
)
BARE = replace(
    FULL, id="bare", task_type=None, answer=None, route=(), failures=(), dropped=(), quality=None, usage=Usage()
)


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
        await store.episodes.add_feedback(Feedback("nobody", 1.0, "user", None, NOW))
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
    given = (Feedback("bare", 0.2, "judge", NASTY, NOW), Feedback("bare", 1.0, "user", None, NOW))
    for feedback in given:
        await store.episodes.add_feedback(feedback)
    assert await store.episodes.feedback("bare") == given
    assert (await store.episodes.get("bare")).quality == 1.0


async def test_saving_again_without_a_quality_keeps_what_feedback_gave(store: Store) -> None:
    await store.episodes.save(BARE)
    await store.episodes.add_feedback(Feedback("bare", 0.75, "user", None, NOW))
    await store.episodes.save(BARE)
    assert (await store.episodes.get("bare")).quality == 0.75
    assert len(await store.episodes.feedback("bare")) == 1


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
