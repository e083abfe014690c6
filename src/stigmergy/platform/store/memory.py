"""The store in this process's memory: same contract, gone with the process. For one event loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from stigmergy.domain import Episode, EpisodeId
from stigmergy.errors import EpisodeNotFound, SequenceConflict, TaskTakenOver
from stigmergy.platform.records import Closing, EpisodeFilter, EpisodePage, Feedback, Fence, StoredEvent
from stigmergy.platform.store.checks import check_episode, first_taken, moved_head
from stigmergy.platform.store.cursors import check_limit, from_cursor, to_cursor
from stigmergy.platform.store.memory_approvals import MemoryApprovals
from stigmergy.platform.store.memory_budgets import MemoryBudgets
from stigmergy.platform.store.memory_policies import MemoryPolicies
from stigmergy.platform.store.memory_tasks import MemoryTasks


class MemoryJournal:
    """Implements ``ports.Journal``."""

    def __init__(self, stands: Callable[[Fence], bool] = lambda _: True) -> None:
        """``stands`` says whether a fence does."""
        self.events: dict[EpisodeId, dict[int, StoredEvent]] = {}
        self._stands = stands

    async def append(self, episode_id: EpisodeId, events: Sequence[StoredEvent], fence: Fence | None = None) -> None:
        """See ``ports.Journal``."""
        if events and fence is not None and not self._stands(fence):
            raise TaskTakenOver(fence.task_id, fence.epoch)
        self.check(episode_id, events)
        if events:
            self.events.setdefault(episode_id, {}).update({event.seq: event for event in events})

    def check(self, episode_id: EpisodeId, events: Sequence[StoredEvent]) -> None:
        """Raises StoreError or SequenceConflict where the events cannot be appended."""
        check_episode(episode_id, events)
        stored, fresh = self.events.get(episode_id, {}), {event.seq for event in events}
        if len(fresh) < len(events) or not stored.keys().isdisjoint(fresh):
            raise SequenceConflict(episode_id, first_taken(stored.keys(), events))

    async def read(self, episode_id: EpisodeId, after: int = -1) -> tuple[StoredEvent, ...]:
        """See ``ports.Journal``."""
        stored = self.events.get(episode_id, {})
        return tuple(stored[seq] for seq in sorted(stored) if seq > after)


class MemoryEpisodes:
    """Implements ``ports.EpisodeStore``."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self.episodes: dict[EpisodeId, Episode] = {}
        self._feedback: dict[EpisodeId, list[Feedback]] = {}

    async def save(self, episode: Episode) -> None:
        """See ``ports.EpisodeStore``."""
        known = self.episodes.get(episode.id)
        if known is not None:
            quality = known.quality if episode.quality is None else episode.quality
            episode = replace(episode, quality=quality, head=known.head or episode.head)
        self.episodes[episode.id] = episode

    async def save_many(self, episodes: Sequence[Episode]) -> None:
        """See ``ports.EpisodeStore``."""
        for episode in episodes:
            await self.save(episode)

    async def add(self, closing: Closing) -> None:
        """See ``ports.EpisodeStore``."""
        await self.add_many((closing,))

    async def add_many(self, closings: Sequence[Closing]) -> None:
        """See ``ports.EpisodeStore``."""
        for closing in closings:
            self._journal.check(closing.episode.id, closing.events)
        for closing in closings:
            await self._journal.append(closing.episode.id, closing.events)
            await self.save(closing.episode)

    async def get(self, episode_id: EpisodeId) -> Episode:
        """See ``ports.EpisodeStore``."""
        if episode_id not in self.episodes:
            raise EpisodeNotFound(episode_id)
        return self.episodes[episode_id]

    async def list(self, narrow: EpisodeFilter) -> EpisodePage:
        """See ``ports.EpisodeStore``."""
        check_limit(narrow.limit)
        left = sorted((e for e in self.episodes.values() if _passes(narrow, e)), key=_place, reverse=True)
        if narrow.cursor is not None:
            last = from_cursor(narrow.cursor)
            left = [episode for episode in left if _place(episode) < last]
        page = tuple(left[: narrow.limit])
        return EpisodePage(page, to_cursor(*_place(page[-1])) if len(left) > narrow.limit else None)

    async def add_feedback(self, feedback: Feedback, given: StoredEvent) -> None:
        """See ``ports.EpisodeStore``."""
        await self.add_judgement(feedback.episode_id, feedback.quality, given)
        self._feedback.setdefault(feedback.episode_id, []).append(feedback)

    async def add_judgement(self, episode_id: EpisodeId, quality: float, given: StoredEvent) -> None:
        """See ``ports.EpisodeStore``."""
        await self.get(episode_id)
        await self._journal.append(episode_id, [given])
        episode = self.episodes[episode_id]
        head = moved_head(given) if episode.head == given.previous else episode.head
        self.episodes[episode_id] = replace(episode, quality=quality, head=head)

    async def feedback(self, episode_id: EpisodeId) -> tuple[Feedback, ...]:
        """See ``ports.EpisodeStore``."""
        return tuple(self._feedback.get(episode_id, ()))

    def forget(self, episode_id: EpisodeId) -> int:
        """Delete the episode and its feedback; how many episodes that were."""
        self._feedback.pop(episode_id, None)
        return 0 if self.episodes.pop(episode_id, None) is None else 1


class MemoryTrails:
    """Implements ``ports.TrailStore``."""

    def __init__(self) -> None:
        self._trails: dict[str, tuple[int, str]] = {}

    async def save(self, name: str, version: int, document: str) -> None:
        """See ``ports.TrailStore``."""
        stored = self._trails.get(name)
        if stored is None or stored[0] <= version:
            self._trails[name] = (version, document)

    async def load(self, name: str) -> tuple[int, str] | None:
        """See ``ports.TrailStore``."""
        return self._trails.get(name)


class MemoryStore:
    """Implements ``ports.Store``."""

    def __init__(self, journal: MemoryJournal | None = None) -> None:
        self.journal = journal or MemoryJournal(self._stands)
        self.episodes = MemoryEpisodes(self.journal)
        self.tasks = MemoryTasks(self.episodes.add)
        self.approvals = MemoryApprovals(self.tasks)
        self.trails = MemoryTrails()
        self.budgets = MemoryBudgets()
        self.policies = MemoryPolicies()

    def _stands(self, fence: Fence) -> bool:
        return self.tasks.stands(fence)

    async def recorded(self, after: EpisodeId = "", limit: int = 1000) -> tuple[EpisodeId, ...]:
        """See ``ports.Store``."""
        known = self.episodes.episodes.keys() | self.journal.events.keys()
        return tuple(sorted(name for name in known if name > after)[:limit])

    async def purge(self, before: datetime) -> int:
        """See ``ports.Retention``."""
        kept, events = self.episodes.episodes, self.journal.events
        old = {episode.id for episode in kept.values() if episode.finished_at < before}
        old |= {key for key in events if key not in kept and max(e.at for e in events[key].values()) < before}
        old -= self.tasks.running_episodes()
        self.policies.forget_shadows(old)
        deleted = sum(len(events.pop(key, ())) + self.episodes.forget(key) for key in old)
        return deleted + self.tasks.forget_ended(before)

    async def aclose(self) -> None:
        """Nothing to give back."""


def _place(episode: Episode) -> tuple[datetime, EpisodeId]:
    return episode.finished_at, episode.id


def _passes(narrow: EpisodeFilter, episode: Episode) -> bool:
    return (
        narrow.tenant in (None, episode.tenant)
        and narrow.graph in (None, episode.graph)
        and narrow.router in (None, episode.router)
        and narrow.status in (None, episode.status)
        and (narrow.since is None or episode.finished_at >= narrow.since)
        and (narrow.before is None or episode.finished_at < narrow.before)
    )
