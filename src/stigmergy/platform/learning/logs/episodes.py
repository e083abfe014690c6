"""Stored episodes with their tasks and events, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from stigmergy.domain import Episode, Task
from stigmergy.errors import TaskNotFound
from stigmergy.platform.episode.codec import decode_stored
from stigmergy.platform.episode.events import Event
from stigmergy.platform.learning.outcomes import outcome_of
from stigmergy.platform.ports import Store
from stigmergy.platform.records import EpisodeFilter
from stigmergy.routers.base import Outcome, QueryFeatures


@dataclass(frozen=True, slots=True)
class LoggedEpisode:
    """A finished episode with everything that is stored of it."""

    task: Task
    episode: Episode
    events: tuple[Event, ...]

    def outcome(self, features: QueryFeatures | None = None) -> Outcome:
        """What a router learns from it; with ``features`` where it needs those of the query."""
        return outcome_of(self.episode.id, self.events, features)


async def logged_episodes(store: Store, narrow: EpisodeFilter) -> AsyncIterator[LoggedEpisode]:
    """Every episode that ``narrow`` leaves, the last finished first; its ``limit`` is the size of a page.

    An episode whose task has been purged since it was listed, or that has no events, is passed over.

    Raises:
        RecordUnreadable: a row was changed to something that cannot be read.
        StoreUnavailable: the store cannot be read.
    """
    cursor = narrow.cursor
    while True:
        page = await store.episodes.list(replace(narrow, cursor=cursor))
        for episode in page.episodes:
            try:
                record = await store.tasks.get(episode.task_id)
            except TaskNotFound:
                continue
            events = tuple(decode_stored(event) for event in await store.journal.read(episode.id))
            if events:
                yield LoggedEpisode(record.task, episode, events)
        cursor = page.next_cursor
        if cursor is None:
            return
