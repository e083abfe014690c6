"""Was anything of an episode changed after it was stored? Its events are held against the hashes they carry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from stigmergy.domain import EpisodeId
from stigmergy.errors import EpisodeNotFound, RecordUnreadable
from stigmergy.platform.chain import chain_hash, genesis
from stigmergy.platform.ports import Store
from stigmergy.platform.records import StoredEvent

_PAGE = 1000


class Verdict(StrEnum):
    """What the hashes say of an episode."""

    INTACT = "intact"
    CHANGED = "changed"
    NOT_CHAINED = "not chained"
    """Stored before there were hashes: nothing can be said."""
    NO_SUMMARY = "no summary"
    """The events fit together, and no summary says which is the last: the episode has not ended, or its end was cut."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not fit. ``seq`` is the event's number, None where it is no single event's."""

    seq: int | None
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One episode held against its hashes. ``head`` is the hash of its last event, empty without any."""

    episode_id: EpisodeId
    verdict: Verdict
    events: int
    head: str
    findings: tuple[Finding, ...] = ()


async def verify(store: Store, episode_id: EpisodeId) -> Verified:
    """Verify one episode.

    Raises:
        EpisodeNotFound: neither events nor a summary are stored under this id.
        StoreUnavailable: the store cannot be read.
    """
    try:
        events, head = await _read(store, episode_id)
    except RecordUnreadable as error:
        unreadable = (Finding(None, str(error)),)
        return Verified(episode_id=episode_id, verdict=Verdict.CHANGED, events=0, head="", findings=unreadable)
    if not events and head is None:
        raise EpisodeNotFound(episode_id)
    findings = changes(events, head)
    return Verified(
        episode_id=episode_id,
        verdict=Verdict.CHANGED if findings else _unchanged(events, head),
        events=len(events),
        head=chain_hash(events[-1]) if events and events[-1].previous else "",
        findings=findings,
    )


async def verify_all(store: Store) -> AsyncIterator[Verified]:
    """Verify every episode of the store, by ascending id. What retention deletes meanwhile is left out.

    Raises:
        StoreUnavailable: the store cannot be read.
    """
    after = ""
    while page := await store.recorded(after, _PAGE):
        for episode_id in page:
            try:
                yield await verify(store, episode_id)
            except EpisodeNotFound:
                continue
        after = page[-1]


def changes(events: Sequence[StoredEvent], head: str | None) -> tuple[Finding, ...]:
    """What does not fit in a journal; empty when nothing is chained, or all of it fits.

    Args:
        events: all that is stored, in order of their numbers.
        head: the hash that the summary carries; None without a summary.
    """
    if not head and not any(event.previous for event in events):
        return ()
    return (*_numbers(events), *_links(events), *_end(events, head))


def _unchanged(events: Sequence[StoredEvent], head: str | None) -> Verdict:
    if not any(event.previous for event in events):
        return Verdict.NOT_CHAINED
    return Verdict.NO_SUMMARY if head is None else Verdict.INTACT


async def _read(store: Store, episode_id: EpisodeId) -> tuple[Sequence[StoredEvent], str | None]:
    """Events and head as they were at one moment: feedback may move both between two reads."""
    head = await _head(store, episode_id)
    while True:
        before, events = head, await store.journal.read(episode_id)
        head = await _head(store, episode_id)
        if head == before:
            return events, head


async def _head(store: Store, episode_id: EpisodeId) -> str | None:
    try:
        return (await store.episodes.get(episode_id)).head
    except EpisodeNotFound:
        return None


def _numbers(events: Sequence[StoredEvent]) -> Iterator[Finding]:
    due = 0
    for event in events:
        if event.seq == due + 1:
            yield Finding(due, "is missing")
        elif event.seq != due:
            yield Finding(due, f"and those after it up to {event.seq - 1} are missing")
        due = event.seq + 1


def _links(events: Sequence[StoredEvent]) -> Iterator[Finding]:
    if events and events[0].seq == 0 and events[0].previous != genesis(events[0].episode_id):
        yield Finding(0, "was changed: it does not carry the hash that an episode begins with")
    for event, after in pairwise(events):
        # Next to a gap there is nothing to compare with, and the gap is told already.
        if after.seq == event.seq + 1 and after.previous != chain_hash(event):
            yield Finding(event.seq, f"was changed, or the hash of it that event {after.seq} carries was")


def _end(events: Sequence[StoredEvent], head: str | None) -> Iterator[Finding]:
    if head is None:
        return
    if not events:
        yield Finding(None, "all events are missing")
    elif not head:
        yield Finding(None, "the summary carries no hash of the last event")
    elif head != chain_hash(events[-1]):
        known = [index for index, event in enumerate(events) if chain_hash(event) == head]
        if known:
            yield from (Finding(event.seq, "was added behind the last one") for event in events[known[-1] + 1 :])
        else:
            changed = "was changed, or events after it were removed, or the hash that the summary carries was changed"
            yield Finding(events[-1].seq, changed)
