"""The journal in the table ``events``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from stigmergy.domain import EpisodeId
from stigmergy.errors import SequenceConflict, TaskTakenOver
from stigmergy.platform.records import Fence, StoredEvent
from stigmergy.platform.store.checks import check_episode, first_taken
from stigmergy.platform.store.database import Database, readable
from stigmergy.platform.store.prepared import Prepared
from stigmergy.platform.store.rows import event_record, event_row
from stigmergy.platform.store.tables import IS_UNFINISHED, tasks
from stigmergy.platform.store.tables import events as table

ADD_EVENTS: Final = Prepared(lambda _: insert(table), table.columns.keys())
"""Adds events to the journal, in a transaction that is open."""
# Locked, so that who takes the task over reads the journal after this was committed.
_STANDS = Prepared(
    lambda _: (
        select(tasks.c.id)
        .where(tasks.c.id == bindparam("task_id"), tasks.c.lease_epoch == bindparam("epoch"), IS_UNFINISHED)
        .with_for_update(read=True)
    )
)


class SqlJournal:
    """Implements ``ports.Journal``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, episode_id: EpisodeId, events: Sequence[StoredEvent], fence: Fence | None = None) -> None:
        """See ``ports.Journal``."""
        check_episode(episode_id, events)
        if not events:
            return
        rows = [event_row(event) for event in events]

        def store(connection: Connection) -> None:
            if fence is not None and _STANDS.first(connection, asdict(fence)) is None:
                raise TaskTakenOver(fence.task_id, fence.epoch)
            ADD_EVENTS.run(connection, *rows)

        try:
            await self._database.write_at_once(store)
        except IntegrityError as error:
            stored = {event.seq for event in await self.read(episode_id)}
            raise SequenceConflict(episode_id, first_taken(stored, events)) from error

    async def read(self, episode_id: EpisodeId, after: int = -1) -> tuple[StoredEvent, ...]:
        """See ``ports.Journal``."""
        query = select(table).where(table.c.episode_id == episode_id, table.c.seq > after).order_by(table.c.seq)

        def load(connection: Connection) -> tuple[StoredEvent, ...]:
            found: list[StoredEvent] = []
            rows = iter(connection.execute(query))
            while True:
                due = found[-1].seq + 1 if found else after + 1
                with readable(f"event {due} of episode {episode_id!r}"):
                    row = next(rows, None)
                    if row is None:
                        return tuple(found)
                    found.append(event_record(row))

        return await self._database.read(load)
