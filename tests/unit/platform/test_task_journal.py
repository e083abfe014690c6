from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import pytest

from stigmergy.domain import EpisodeId
from stigmergy.errors import TaskTakenOver
from stigmergy.platform.engine import Recorded
from stigmergy.platform.episode.events import BudgetRefused
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.records import Fence, StoredEvent
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.platform.task_journal import TaskJournal

EPISODE: Final = "ep_1"
FENCE: Final = Fence("task_1", 0)
TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


class AStall:
    """A journal whose process stands still after a commit; ``heir``: what somebody else writes meanwhile."""

    def __init__(self, seconds: float, heir: Recorded | None) -> None:
        self.kept = MemoryStore().journal
        self.now = 0.0
        self._seconds = seconds
        self._heir = heir

    async def append(self, episode_id: EpisodeId, events: Sequence[StoredEvent], fence: Fence | None = None) -> None:
        await self.kept.append(episode_id, events)
        self.now += self._seconds
        heir, self._heir = self._heir, None
        if heir is not None:
            await TaskJournal(self, LiveEvents(), FENCE, episode_id, last=events[-1]).keep([heir])

    async def read(self, episode_id: EpisodeId, after: int = -1) -> tuple[StoredEvent, ...]:
        return await self.kept.read(episode_id, after)

    def of_a_task(self) -> TaskJournal:
        return TaskJournal(self, LiveEvents(), FENCE, EPISODE, monotonic=lambda: self.now)


def an_event(reason: str) -> Recorded:
    return Recorded(BudgetRefused(node="here", reason=reason), TIME)


async def test_who_stood_still_after_a_commit_hears_that_another_has_gone_on() -> None:
    stalled = AStall(seconds=20, heir=an_event("the heir's"))
    with pytest.raises(TaskTakenOver):
        await stalled.of_a_task().keep([an_event("ours")])


async def test_who_stood_still_goes_on_where_nobody_else_has() -> None:
    stalled = AStall(seconds=20, heir=None)
    journal = stalled.of_a_task()
    await journal.keep([an_event("ours")])
    assert journal.last == (await stalled.read(EPISODE))[-1]


async def test_an_answer_that_comes_at_once_needs_no_second_look() -> None:
    stalled = AStall(seconds=0.1, heir=an_event("the heir's"))
    journal = stalled.of_a_task()
    await journal.keep([an_event("ours")])
    assert journal.last is not None
    assert journal.last.seq == 0
