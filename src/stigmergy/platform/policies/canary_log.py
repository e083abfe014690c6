"""The episodes since a canary began, read from the store and kept up with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from stigmergy.domain import Episode, EpisodeId
from stigmergy.errors import TaskNotFound
from stigmergy.platform.policies.bars import Tally
from stigmergy.platform.policies.canary_record import Judged, judged
from stigmergy.platform.policy_records import PolicyRecord
from stigmergy.platform.ports import Store
from stigmergy.platform.records import EpisodeFilter

_PAGE: Final = 500
_OVERLAP: Final = timedelta(seconds=30)
"""Episodes are stored, and judged, a while after they finished."""


class CanaryLog:
    """Judged episodes of a canary's router since it became one, its own and those of the others.

    Attributes:
        violations: its episodes that were charged more than their budget.
    """

    def __init__(self, store: Store, canary: PolicyRecord) -> None:
        self._store = store
        self.canary = canary
        self._judged: dict[EpisodeId, Judged] = {}
        self._held: set[EpisodeId] = set()
        self._since: datetime = canary.changed_at
        self.violations: set[EpisodeId] = set()

    @property
    def judged(self) -> Collection[Judged]:
        """What was read so far."""
        return self._judged.values()

    def tally(self, counts: Callable[[str], bool]) -> Tally:
        """The episodes whose policy counts."""
        mine = [each.quality for each in self._judged.values() if counts(each.policy)]
        return Tally(len(mine), sum(mine))

    async def read(self) -> None:
        """Read what has finished, or was judged, since the last time.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        newest, cursor = self._since, None
        since = max(self._since - _OVERLAP, self.canary.changed_at)
        while True:
            narrow = EpisodeFilter(router=self.canary.policy.router, since=since, limit=_PAGE, cursor=cursor)
            page = await self._store.episodes.list(narrow)
            for episode in page.episodes:
                newest = max(newest, episode.finished_at)
                await self._take(episode)
            if (cursor := page.next_cursor) is None:
                self._since = newest
                return

    async def _take(self, episode: Episode) -> None:
        found = judged(episode)
        if found is not None:
            self._judged[episode.id] = found
        if episode.policy == self.canary.name and episode.id not in self._held:
            self._held.add(episode.id)
            if await self._over_budget(episode):
                self.violations.add(episode.id)

    async def _over_budget(self, episode: Episode) -> bool:
        try:
            limit = (await self._store.tasks.get(episode.task_id)).task.budget.max_usd
        except TaskNotFound:  # retention took it
            return False
        return limit is not None and episode.charged_usd > limit
