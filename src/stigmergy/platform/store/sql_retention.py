"""Deleting what is old. What to delete is looked up on a reading connection; only the deletes hold the writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, delete, func, select, union

from stigmergy.platform.store.database import Database
from stigmergy.platform.store.tables import UNFINISHED, episodes, events, policy_shadows, tasks

_SLICE = 200


async def purge(database: Database, before: datetime) -> int:
    """See ``ports.Retention``."""
    ended = select(tasks.c.id).where(tasks.c.status.not_in(UNFINISHED), tasks.c.updated_at < before)
    deleted = 0
    for ids in _slices(await _ids(database, _quiet_episodes(before))):
        await _delete(database, ids, policy_shadows.c.episode_id)
        deleted += await _delete(database, ids, events.c.episode_id, episodes.c.id)
    for ids in _slices(await _ids(database, ended)):
        deleted += await _delete(database, ids, tasks.c.id)
    return deleted


def _quiet_episodes(before: datetime) -> Select[Any]:
    """Ids of episodes that finished, or had their last event, before ``before`` and belong to no unfinished task."""
    finished = select(episodes.c.id.label("id")).where(episodes.c.finished_at < before)
    silent = (
        select(events.c.episode_id.label("id"))
        .outerjoin(episodes, episodes.c.id == events.c.episode_id)
        .where(episodes.c.id.is_(None))
        .group_by(events.c.episode_id)
        .having(func.max(events.c.at) < before)
    )
    old = union(finished, silent).subquery()
    needed = select(tasks.c.id).where(tasks.c.status.in_(UNFINISHED), tasks.c.episode_id == old.c.id)
    return select(old.c.id).where(~needed.exists())


async def _ids(database: Database, query: Select[Any]) -> Sequence[str]:
    return await database.read(lambda connection: connection.execute(query).scalars().all())


def _slices(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _SLICE] for start in range(0, len(ids), _SLICE))


async def _delete(database: Database, ids: Sequence[str], *columns: Column[Any]) -> int:
    """Delete the rows of each column's table where the column is one of ``ids``, in one transaction."""

    def forget(connection: Connection) -> int:
        return sum(connection.execute(delete(column.table).where(column.in_(ids))).rowcount for column in columns)

    return await database.write(forget)
