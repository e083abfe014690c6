from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import NO_USAGE, ZERO, Episode, EpisodeId, Status
from stigmergy.errors import EpisodeNotFound
from stigmergy.platform.chain import chain_hash, chained
from stigmergy.platform.learning.verify import Finding, Verdict, changes, verify, verify_all
from stigmergy.platform.records import Feedback, StoredEvent
from stigmergy.platform.store.memory import MemoryJournal, MemoryStore
from stigmergy.testing import EPOCH

Journal: TypeAlias = tuple[StoredEvent, ...]
Edit: TypeAlias = Callable[[Journal, int, int], Journal]
"""An edit of a journal at a place, with a second place where it needs one."""


def plain(count: int, episode_id: str = "e") -> list[StoredEvent]:
    return [StoredEvent(episode_id, seq, "kind", "{}", 1, EPOCH) for seq in range(count)]


def summary(episode_id: str, head: str) -> Episode:
    return Episode(
        id=episode_id,
        task_id="t",
        graph="g",
        router="r",
        task_type=None,
        status=Status.COMPLETED,
        reason="",
        route=(),
        answer=None,
        usage=NO_USAGE,
        charged_usd=ZERO,
        reroutes=0,
        failures=(),
        dropped=(),
        control_llm_calls=0,
        quality=None,
        started_at=EPOCH,
        finished_at=EPOCH,
        head=head,
    )


def with_one(journal: Journal, place: int, /, **facts: object) -> Journal:
    return (*journal[:place], replace(journal[place], **facts), *journal[place + 1 :])  # type: ignore[arg-type]


def renumbered(events: Sequence[StoredEvent]) -> Journal:
    return tuple(replace(event, seq=seq) for seq, event in enumerate(events))


def swapped(journal: Journal, at: int, other: int) -> Journal:
    moved = list(journal)
    moved[at], moved[other] = moved[other], moved[at]
    return renumbered(moved)


def inserted(journal: Journal, at: int, _: int) -> Journal:
    """A forged event that fits the one before it."""
    before = journal[:at]
    (forged,) = chained([replace(journal[0], seq=at, payload="forged")], before[-1] if before else None)
    return renumbered((*before, forged, *journal[at:]))


EDITS: dict[str, Edit] = {
    "payload": lambda journal, at, _: with_one(journal, at, payload=journal[at].payload + " "),
    "kind": lambda journal, at, _: with_one(journal, at, kind=journal[at].kind + "s"),
    "format": lambda journal, at, _: with_one(journal, at, v=journal[at].v + 1),
    "time": lambda journal, at, _: with_one(journal, at, at=journal[at].at + timedelta(microseconds=1)),
    "link": lambda journal, at, _: with_one(journal, at, previous="0" * 64),
    "no link": lambda journal, at, _: with_one(journal, at, previous=""),
    "number of the last": lambda journal, *_: with_one(journal, len(journal) - 1, seq=len(journal)),
    "order": swapped,
    "removal": lambda journal, at, _: (*journal[:at], *journal[at + 1 :]),
    "removal and new numbers": lambda journal, at, _: renumbered((*journal[:at], *journal[at + 1 :])),
    "insertion": inserted,
    "addition": lambda journal, *_: inserted(journal, len(journal), 0),
    "truncation": lambda journal, at, _: journal[:at],
}


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    texts = st.text(max_size=5)
    events = draw(st.lists(st.builds(StoredEvent, st.just("e"), st.just(0), texts, texts, st.just(1), st.just(EPOCH))))
    last = StoredEvent("e", 0, "finished", draw(texts), 1, EPOCH)
    return chained(renumbered([*events, last]))


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@given(journal=journals(), data=st.data())
@settings(max_examples=30, deadline=None)
def test_any_single_edit_is_found(edit: Edit, journal: Journal, data: st.DataObject) -> None:
    places = st.integers(0, len(journal) - 1)
    changed = edit(journal, data.draw(places), data.draw(places))
    head = chain_hash(journal[-1])
    assert changes(journal, head) == ()
    assert bool(changes(changed, head)) == (changed != journal)


@given(journal=journals(), head=st.sampled_from(["", "0" * 64]))
@settings(max_examples=20, deadline=None)
def test_a_changed_head_is_found(journal: Journal, head: str) -> None:
    assert changes(journal, head)


def seqs(journal: Journal, head: str) -> list[int | None]:
    return [finding.seq for finding in changes(journal, head)]


def test_a_finding_names_the_event() -> None:
    journal = chained(plain(5))
    head = chain_hash(journal[-1])
    assert seqs(EDITS["payload"](journal, 2, 0), head) == [2]
    assert seqs(EDITS["payload"](journal, 4, 0), head) == [4]
    assert seqs(EDITS["link"](journal, 0, 0), head) == [0, 0]
    assert seqs(journal[:3], head) == [2]
    assert changes((journal[0], *journal[2:]), head) == (Finding(1, "is missing"),)
    assert changes((journal[0], *journal[4:]), head) == (Finding(1, "and those after it up to 3 are missing"),)
    assert changes(EDITS["addition"](journal, 0, 0), head) == (Finding(5, "was added behind the last one"),)
    assert changes((), head) == (Finding(None, "all events are missing"),)


async def stored(*episodes: tuple[EpisodeId, Sequence[StoredEvent], str | None]) -> MemoryStore:
    store = MemoryStore()
    for episode_id, events, head in episodes:
        await store.journal.append(episode_id, events)
        if head is not None:
            await store.episodes.save(summary(episode_id, head))
    return store


async def test_every_episode_of_a_store_gets_its_verdict() -> None:
    intact = chained(plain(3, "intact"))
    broken = EDITS["payload"](chained(plain(3, "broken")), 1, 0)
    running = chained(plain(2, "running"))
    store = await stored(
        ("intact", intact, chain_hash(intact[-1])),
        ("broken", broken, chain_hash(broken[-1])),
        ("old", plain(3, "old"), ""),
        ("running", running, None),
        ("empty", (), "5e" * 32),
    )
    found = {each.episode_id: (each.verdict, each.events) async for each in verify_all(store)}
    assert found == {
        "broken": (Verdict.CHANGED, 3),
        "empty": (Verdict.CHANGED, 0),
        "intact": (Verdict.INTACT, 3),
        "old": (Verdict.NOT_CHAINED, 3),
        "running": (Verdict.NO_SUMMARY, 2),
    }
    assert (await verify(store, "intact")).head == chain_hash(intact[-1])
    with pytest.raises(EpisodeNotFound):
        await verify(store, "nobody")


async def test_hashes_taken_from_some_events_or_from_the_head_alone_are_a_change() -> None:
    journal = chained(plain(3))
    head = chain_hash(journal[-1])
    assert changes(with_one(journal, 2, previous=""), head)
    assert changes(tuple(plain(3)), head)
    assert changes(journal, "")


class Interrupted(MemoryJournal):
    """A journal that gets one more event while somebody verifies."""

    store: MemoryStore

    async def read(self, episode_id: EpisodeId, after: int = -1) -> Journal:
        found = await super().read(episode_id, after)
        if len(found) == 2:
            (given,) = chained([replace(found[0], seq=2)], found[-1])
            await self.store.episodes.add_feedback(Feedback(episode_id, 1.0, "user", None, EPOCH), given)
        return found


async def test_feedback_that_comes_meanwhile_is_no_change() -> None:
    journal = Interrupted()
    journal.store = MemoryStore(journal)
    events = chained(plain(2))
    await journal.append("e", events)
    await journal.store.episodes.save(summary("e", chain_hash(events[-1])))
    verified = await verify(journal.store, "e")
    assert (verified.verdict, verified.events) == (Verdict.INTACT, 3)
