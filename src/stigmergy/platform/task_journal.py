"""The journal of one task while a process runs it: each batch of events chained to the one before, behind the fence."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from stigmergy.domain import EpisodeId
from stigmergy.errors import SequenceConflict, StoreUnavailable, TaskTakenOver
from stigmergy.platform.chain import chain_hash, link
from stigmergy.platform.engine import Ran, Recorded
from stigmergy.platform.episode.codec import decode_stored, encode
from stigmergy.platform.episode.events import EVENT_FORMAT
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.ports import Journal
from stigmergy.platform.records import Closing, Fence, StoredEvent

logger = logging.getLogger(__name__)

_TRY_AGAIN_S = 0.2
_PROMPT_S = 1.0
"""Shorter than any lease: who heard of a commit sooner than this after asking for it still holds the task."""


@dataclass(slots=True)
class TaskJournal:
    """Keeps what one run does as it does it; the engine's recorder. Who follows the task is told what is kept."""

    journal: Journal
    live: LiveEvents
    fence: Fence
    episode_id: EpisodeId
    last: StoredEvent | None = None
    past: tuple[Recorded, ...] = field(default=())
    monotonic: Callable[[], float] = time.monotonic

    async def open(self) -> None:
        """Read what an earlier holder of the task has left; while the store is away, try again.

        Raises:
            RecordUnreadable: a row was changed to something that is no event.
        """
        stored = await self._read()
        self.last = stored[-1] if stored else None
        self.past = tuple(Recorded(decode_stored(event), event.at) for event in stored)

    def begin(self) -> None:
        """Show the episode to those who follow its task."""
        self.live.begin(self.fence.task_id, self.episode_id, self._next_seq)

    async def keep(self, fresh: Sequence[Recorded]) -> None:
        """Commit the next events; while the store is away, try again.

        Raises:
            TaskTakenOver: another process runs the task.
        """
        events = _continued(self.episode_id, fresh, self.last)
        while True:
            asked = self.monotonic()
            try:
                await self._append(events)
                break
            except StoreUnavailable as error:
                await self._wait_for_the_store(error)
        self.last = events[-1]
        await self._expect_no_heir(events[-1].seq, asked)
        self._tell(fresh)

    def closing(self, ran: Ran) -> Closing:
        """What is to be stored with the end of the task: the summary, and the events that are not kept yet."""
        return closing_of(ran, self.last)

    def end(self, ran: Ran) -> None:
        """Tell of the last events, which are stored by now."""
        self._tell(ran.events[self._next_seq :])

    def abandon(self) -> None:
        """The run ends here without its last event."""
        self.live.abandon(self.episode_id)

    @property
    def _next_seq(self) -> int:
        return _after(self.last)

    async def _expect_no_heir(self, seq: int, asked: float) -> None:
        """Where the answer came late, see that nobody has gone on meanwhile.

        A process that stood still after its commit may have lost the task by now, and must not make the call that it
        has just announced: the heir may have made it, and committed its result.
        """
        while self.monotonic() - asked > _PROMPT_S:
            asked = self.monotonic()
            if await self._read(seq):
                raise TaskTakenOver(self.fence.task_id, self.fence.epoch)

    async def _read(self, after: int = -1) -> tuple[StoredEvent, ...]:
        while True:
            try:
                return await self.journal.read(self.episode_id, after)
            except StoreUnavailable as error:
                await self._wait_for_the_store(error)

    async def _wait_for_the_store(self, error: StoreUnavailable) -> None:
        logger.warning("episode %s waits for the store: %s", self.episode_id, error)
        await asyncio.sleep(_TRY_AGAIN_S)

    async def _append(self, events: Sequence[StoredEvent]) -> None:
        try:
            await self.journal.append(self.episode_id, events, self.fence)
        except SequenceConflict:
            # An earlier try may have been committed, and only its answer was lost.
            if await self.journal.read(self.episode_id, self._next_seq - 1) != tuple(events):
                raise TaskTakenOver(self.fence.task_id, self.fence.epoch) from None

    def _tell(self, recorded: Sequence[Recorded]) -> None:
        for each in recorded:
            self.live.publish(self.episode_id, each.event)


def stored_event(episode_id: EpisodeId, recorded: Recorded, last: StoredEvent | None) -> StoredEvent:
    """An event as the journal keeps it, chained to the ``last`` before it."""
    event = recorded.event
    payload, previous = encode(event), link(episode_id, last)
    return StoredEvent(episode_id, _after(last), event.kind, payload, EVENT_FORMAT, recorded.at, previous)


def closing_of(ran: Ran, last: StoredEvent | None = None) -> Closing:
    """What a run leaves for the store: its summary, and the events after ``last``, or all of them."""
    events = _continued(ran.episode.id, ran.events[_after(last) :], last)
    newest = events[-1] if events else last
    return Closing(replace(ran.episode, head="" if newest is None else chain_hash(newest)), events)


def _continued(episode_id: EpisodeId, fresh: Sequence[Recorded], last: StoredEvent | None) -> tuple[StoredEvent, ...]:
    events: list[StoredEvent] = []
    for each in fresh:
        last = stored_event(episode_id, each, last)
        events.append(last)
    return tuple(events)


def _after(last: StoredEvent | None) -> int:
    return 0 if last is None else last.seq + 1
