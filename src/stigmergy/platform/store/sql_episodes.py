"""Episode summaries and feedback in the tables ``episodes`` and ``feedback``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, insert, select, tuple_, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

from stigmergy.domain import Episode, EpisodeId
from stigmergy.errors import EpisodeNotFound, SequenceConflict
from stigmergy.platform.records import Closing, EpisodeFilter, EpisodePage, Feedback, StoredEvent
from stigmergy.platform.store.checks import check_episode, moved_head
from stigmergy.platform.store.cursors import check_limit, from_cursor, to_cursor
from stigmergy.platform.store.database import Database, readable
from stigmergy.platform.store.prepared import Prepared
from stigmergy.platform.store.rows import episode_record, episode_row, event_row, feedback_row
from stigmergy.platform.store.sql_journal import ADD_EVENTS
from stigmergy.platform.store.tables import episodes as table
from stigmergy.platform.store.tables import events as events_table
from stigmergy.platform.store.tables import feedback as feedback_table
from stigmergy.platform.store.upsert import insert_for


class SqlEpisodes:
    """Implements ``ports.EpisodeStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, episode: Episode) -> None:
        """See ``ports.EpisodeStore``."""
        await self.save_many((episode,))

    async def save_many(self, episodes: Sequence[Episode]) -> None:
        """See ``ports.EpisodeStore``."""
        if episodes:
            await self._database.write(lambda connection: save_episodes(connection, episodes))

    async def add(self, closing: Closing) -> None:
        """See ``ports.EpisodeStore``."""
        await self.add_many((closing,))

    async def add_many(self, closings: Sequence[Closing]) -> None:
        """See ``ports.EpisodeStore``."""
        for closing in closings:
            check_episode(closing.episode.id, closing.events)
        try:
            await self._database.write(lambda connection: add_closings(connection, closings))
        except IntegrityError as error:
            raise await self._conflict(closings) from error

    async def _conflict(self, closings: Sequence[Closing]) -> SequenceConflict:
        """The first of the closings whose episode has events already; the first of all where they are gone again."""
        taken = select(events_table.c.episode_id).where(
            events_table.c.episode_id.in_([closing.episode.id for closing in closings])
        )
        known = await self._database.read(lambda connection: set(connection.execute(taken).scalars()))
        first = next((closing for closing in closings if closing.episode.id in known), closings[0])
        return SequenceConflict(first.episode.id, first.events[0].seq)

    async def get(self, episode_id: EpisodeId) -> Episode:
        """See ``ports.EpisodeStore``."""
        query = select(table).where(table.c.id == episode_id)

        def load(connection: Connection) -> Episode | None:
            with readable(f"summary of episode {episode_id!r}"):
                stored = connection.execute(query).mappings().first()
                return None if stored is None else episode_record(stored)

        found = await self._database.read(load)
        if found is None:
            raise EpisodeNotFound(episode_id)
        return found

    async def list(self, narrow: EpisodeFilter) -> EpisodePage:
        """See ``ports.EpisodeStore``."""
        check_limit(narrow.limit)
        query = _narrowed(narrow).order_by(table.c.finished_at.desc(), table.c.id.desc()).limit(narrow.limit + 1)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        episodes = tuple(episode_record(row) for row in rows[: narrow.limit])
        more = len(rows) > narrow.limit
        return EpisodePage(episodes, to_cursor(episodes[-1].finished_at, episodes[-1].id) if more else None)

    async def add_feedback(self, feedback: Feedback, given: StoredEvent) -> None:
        """See ``ports.EpisodeStore``."""
        row = feedback_row(feedback)
        await self._judged(
            feedback.episode_id,
            feedback.quality,
            given,
            lambda connection: connection.execute(insert(feedback_table), row),
        )

    async def add_judgement(self, episode_id: EpisodeId, quality: float, given: StoredEvent) -> None:
        """See ``ports.EpisodeStore``."""
        await self._judged(episode_id, quality, given, lambda _: None)

    async def _judged(
        self, episode_id: EpisodeId, quality: float, given: StoredEvent, beside: Callable[[Connection], object]
    ) -> None:
        check_episode(episode_id, [given])
        head = case((table.c.head == given.previous, moved_head(given)), else_=table.c.head)
        change = update(table).where(table.c.id == episode_id).values(quality=quality, head=head)

        def store(connection: Connection) -> None:
            if not connection.execute(change).rowcount:
                raise EpisodeNotFound(episode_id)
            beside(connection)
            connection.execute(insert(events_table), event_row(given))

        try:
            await self._database.write_at_once(store)
        except IntegrityError as error:
            raise SequenceConflict(episode_id, given.seq) from error

    async def feedback(self, episode_id: EpisodeId) -> tuple[Feedback, ...]:
        """See ``ports.EpisodeStore``."""
        given = feedback_table.c
        query = (
            select(given.episode_id, given.quality, given.source, given.comment, given.at)
            .where(given.episode_id == episode_id)
            .order_by(given.id)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(Feedback(*row) for row in rows)


def add_closings(connection: Connection, closings: Sequence[Closing]) -> None:
    """Store what episodes leave, in a transaction that is open."""
    rows = [event_row(event) for closing in closings for event in closing.events]
    if rows:
        ADD_EVENTS.run(connection, *rows)
    save_episodes(connection, [closing.episode for closing in closings])


def save_episodes(connection: Connection, episodes: Sequence[Episode]) -> None:
    """Insert or replace summaries, as ``ports.EpisodeStore.save`` says, in a transaction that is open."""
    # In one order everywhere, so that two processes that save the same episodes do not wait for each other.
    rows = sorted((episode_row(episode) for episode in episodes), key=lambda row: str(row["id"]))
    _SAVE.run(connection, *rows)


def _saving(dialect: str) -> sqlite.Insert:
    statement = insert_for(dialect, table)
    new = statement.excluded
    changes: dict[str, Any] = {column.name: new[column.name] for column in table.columns if not column.primary_key}
    changes["quality"] = func.coalesce(new.quality, table.c.quality)
    changes["head"] = case((table.c.head == "", new.head), else_=table.c.head)
    return statement.on_conflict_do_update(index_elements=[table.c.id], set_=changes)


_SAVE = Prepared(_saving, table.columns.keys())


def _narrowed(narrow: EpisodeFilter) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if narrow.tenant is not None:
        conditions.append(table.c.tenant == narrow.tenant)
    if narrow.graph is not None:
        conditions.append(table.c.graph == narrow.graph)
    if narrow.router is not None:
        conditions.append(table.c.router == narrow.router)
    if narrow.status is not None:
        conditions.append(table.c.status == narrow.status.value)
    if narrow.since is not None:
        conditions.append(table.c.finished_at >= narrow.since)
    if narrow.before is not None:
        conditions.append(table.c.finished_at < narrow.before)
    if narrow.cursor is not None:
        at, episode_id = from_cursor(narrow.cursor)
        conditions.append(tuple_(table.c.finished_at, table.c.id) < (at, episode_id))
    return select(table).where(*conditions)
