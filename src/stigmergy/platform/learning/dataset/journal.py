"""Which episodes of a store are new to a dataset, and their events."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from stigmergy.domain import EpisodeId, Task
from stigmergy.errors import EpisodeNotFound, TaskNotFound
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.learning.dataset.episode_steps import Logged
from stigmergy.platform.ports import Store
from stigmergy.platform.records import EpisodeFilter

OVERLAP: Final = timedelta(minutes=15)
"""Episodes are stored in batches and judged later: so far behind the last one seen, new ones are still looked for."""
_PAGE: Final = 1000
_AT_ONCE: Final = 64
"""Episodes that are read side by side: one after another, the store's threads would mostly wait."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a dataset has read: when the last episode finished, and those settled within ``OVERLAP`` before that."""

    until: datetime | None = None
    recent: Mapping[EpisodeId, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fresh:
    """An episode to read, and when it finished."""

    id: EpisodeId
    finished_at: datetime


async def fresh_episodes(store: Store, graph: str, seen: Seen) -> list[Fresh]:
    """The finished episodes on a graph that were not taken yet, the earliest first.

    Raises:
        StoreUnavailable: the store cannot be read.
    """
    since = None if seen.until is None else seen.until - OVERLAP
    found, cursor = [], None
    while True:
        page = await store.episodes.list(EpisodeFilter(graph=graph, since=since, limit=_PAGE, cursor=cursor))
        found += [Fresh(each.id, each.finished_at) for each in page.episodes if each.id not in seen.recent]
        if (cursor := page.next_cursor) is None:
            return sorted(found, key=lambda each: (each.finished_at, each.id))


def seen_after(seen: Seen, fresh: Sequence[Fresh], settled: Collection[EpisodeId]) -> Seen:
    """How far the dataset has read with ``fresh`` looked at and ``settled`` of them taken, or left out for good."""
    times = {each.id: each.finished_at for each in fresh if each.id in settled} | dict(seen.recent)
    until = max([each.finished_at for each in fresh] + ([seen.until] if seen.until else []), default=None)
    if until is None:
        return seen
    return Seen(until, {name: at for name, at in times.items() if at >= until - OVERLAP})


async def load_episodes(store: Store, ids: Sequence[EpisodeId]) -> list[Logged]:
    """Summary, task and events of episodes; what retention took meanwhile is left out.

    Raises:
        StoreUnavailable: the store cannot be read.
        RecordUnreadable: a row was changed to something that is no episode.
    """
    loaded: list[Logged | None] = []
    for start in range(0, len(ids), _AT_ONCE):
        loaded += await asyncio.gather(*(_load(store, each) for each in ids[start : start + _AT_ONCE]))
    return [logged for logged in loaded if logged is not None]


async def _load(store: Store, episode_id: EpisodeId) -> Logged | None:
    try:
        episode, journal = await asyncio.gather(store.episodes.get(episode_id), store.journal.read(episode_id))
    except EpisodeNotFound:
        return None
    return Logged(episode, await _task(store, episode.task_id), [decode(event.payload) for event in journal])


async def _task(store: Store, task_id: str) -> Task | None:
    try:
        return (await store.tasks.get(task_id)).task
    except TaskNotFound:
        return None
