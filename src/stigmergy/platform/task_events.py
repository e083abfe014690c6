"""What happens to one task, told as it happens and to the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from stigmergy.domain import EpisodeId, TaskId
from stigmergy.platform.episode.codec import encode
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.ports import Store
from stigmergy.platform.records import TaskRecord

BEGINNING = -1


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """One event of a task's episode; ``payload`` is its JSON."""

    seq: int
    kind: str
    payload: str


@dataclass(slots=True)
class _Reader:
    """How far somebody has read, and how far the journal was looked at for them; ``complete``: to the last event."""

    episode_id: EpisodeId | None
    after: int
    looked_at: int = BEGINNING
    complete: bool = False

    def turn_to(self, episode_id: EpisodeId) -> None:
        """A task that runs again does so as another episode, which is read from its beginning."""
        if self.episode_id not in (None, episode_id):
            self.after, self.looked_at, self.complete = BEGINNING, BEGINNING, False
        self.episode_id = episode_id


class TaskEvents:
    """Tells the events of tasks: live where they run in this process, else from the journal once they are stored."""

    def __init__(self, store: Store, live: LiveEvents, ask_again_s: float = 0.5) -> None:
        """Ask the store every ``ask_again_s`` seconds."""
        self._store = store
        self._live = live
        self._ask_again_s = ask_again_s

    async def tail(self, task_id: TaskId, after: int = BEGINNING) -> AsyncGenerator[ToldEvent | TaskRecord, None]:
        """Every event numbered above ``after`` in order, and last, when the task has ended, its record.

        Raises:
            TaskNotFound: no such task.
        """
        reader = _Reader(None, after)
        while True:
            # Asked before the events are read: an end is stored with its events, and only judgements come later.
            record = await self._store.tasks.get(task_id)
            async for event in self._events(record, reader):
                yield event
            if record.status.ended:
                yield record
                return
            await asyncio.sleep(self._ask_again_s / 10 if reader.complete else self._ask_again_s)

    async def _events(self, record: TaskRecord, reader: _Reader) -> AsyncIterator[ToldEvent]:
        """What is there for the reader now, or comes while the task runs here."""
        live = self._live.find(record.task.id)
        # What ended here and was run again elsewhere is told from there.
        if live is not None and (not live.ended or record.episode_id in (None, live.episode_id)):
            reader.turn_to(live.episode_id)
            async for seq, event in live.follow(reader.after):
                reader.after = seq
                yield ToldEvent(seq, event.kind, encode(event))
            reader.complete = live.ended and reader.after >= live.last
        elif record.episode_id is not None:
            reader.turn_to(record.episode_id)
        if reader.episode_id is None or reader.complete:
            return
        for stored in await self._store.journal.read(reader.episode_id, reader.looked_at):
            reader.looked_at = stored.seq
            reader.complete = reader.complete or stored.kind == "finished"
            if stored.seq > reader.after:
                reader.after = stored.seq
                yield ToldEvent(stored.seq, stored.kind, stored.payload)
