"""Durable tasks in the table ``tasks``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Update, case, insert, select, true, tuple_, update

from stigmergy.domain import EpisodeId, Status, Task, TaskId
from stigmergy.errors import IdempotencyConflict, TaskNotFound
from stigmergy.platform.records import Closing, Fence, Lease, TaskFilter, TaskPage, TaskRecord
from stigmergy.platform.store.checks import check_end
from stigmergy.platform.store.cursors import check_limit, from_cursor, to_cursor
from stigmergy.platform.store.database import Database
from stigmergy.platform.store.rows import event_row, task_record, task_row
from stigmergy.platform.store.sql_episodes import save_episodes
from stigmergy.platform.store.tables import UNFINISHED, events
from stigmergy.platform.store.tables import tasks as table
from stigmergy.platform.store.upsert import insert_for

_STILL_WAITING = case((table.c.status == Status.NEEDS_APPROVAL.value, table.c.status), else_=Status.RUNNING.value)


class SqlTasks:
    """Implements ``ports.TaskStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, task: Task, body_hash: str, lease: Lease | None = None, episode_id: EpisodeId | None = None
    ) -> TaskRecord:
        """See ``ports.TaskStore``."""
        row = task_row(task, body_hash)
        if lease is not None:
            row |= {"lease_owner": lease.owner, "lease_expires_at": lease.until}
        if episode_id is not None:
            row |= {"status": Status.RUNNING.value, "episode_id": episode_id, "attempts": 1}

        def store(connection: Connection) -> TaskRecord:
            connection.execute(insert_for(connection, table).values(row).on_conflict_do_nothing())
            stored = _find(connection, task)
            if stored is None:  # what was in the way has been purged between the two statements
                return store(connection)
            if stored["body_hash"] != body_hash:
                raise IdempotencyConflict(task.idempotency_key or task.id, stored["id"])
            return task_record(stored)

        return await self._database.write(store)

    async def get(self, task_id: TaskId) -> TaskRecord:
        """See ``ports.TaskStore``."""
        return await self._database.read(lambda connection: _get(connection, task_id))

    async def mark_running(self, task_id: TaskId, owner: str, episode_id: EpisodeId, at: datetime) -> TaskRecord:
        """See ``ports.TaskStore``."""
        change = {
            "status": _STILL_WAITING,
            "lease_owner": owner,
            "episode_id": episode_id,
            "attempts": table.c.attempts + 1,
            "updated_at": at,
        }
        statement = _unfinished(task_id).values(change)

        def store(connection: Connection) -> TaskRecord:
            connection.execute(statement)
            return _get(connection, task_id)

        return await self._database.write(store)

    async def renew(self, lease: Lease) -> int:
        """See ``ports.TaskStore``."""
        statement = (
            update(table)
            .where(table.c.lease_owner == lease.owner, table.c.status.in_(UNFINISHED))
            .values(lease_expires_at=lease.until)
        )
        return await self._database.write(lambda connection: connection.execute(statement).rowcount)

    async def claim(self, lease: Lease, now: datetime, limit: int = 100) -> tuple[TaskRecord, ...]:
        """See ``ports.TaskStore``."""
        check_limit(limit)
        change = {
            "lease_owner": lease.owner,
            "lease_expires_at": lease.until,
            "lease_epoch": table.c.lease_epoch + 1,
            "updated_at": now,
        }
        free = _free(now, now - (lease.until - now), limit)

        def store(connection: Connection) -> tuple[TaskRecord, ...]:
            ids = connection.execute(free).scalars().all()
            if not ids:
                return ()
            connection.execute(update(table).where(table.c.id.in_(ids)).values(change))
            return tuple(_get(connection, task_id) for task_id in ids)

        return await self._database.write(store)

    async def finish(
        self,
        task_id: TaskId,
        *,
        status: Status,
        reason: str,
        at: datetime,
        answer: str | None = None,
        result: str | None = None,
        fence: Fence | None = None,
        closing: Closing | None = None,
    ) -> TaskRecord:
        """See ``ports.TaskStore``."""
        check_end(status)
        change = {
            "status": status.value,
            "reason": reason,
            "answer": answer,
            "result": result,
            "question": None,
            "decision": None,
            "lease_expires_at": None,
            "updated_at": at,
        }
        end = _unfinished(task_id, fence).values(change)

        def store(connection: Connection) -> TaskRecord:
            if connection.execute(end).rowcount and closing is not None:
                if closing.events:
                    connection.execute(insert(events), [event_row(event) for event in closing.events])
                save_episodes(connection, (closing.episode,))
            return _get(connection, task_id)

        return await self._database.write(store)

    async def request_cancel(self, task_id: TaskId, reason: str, at: datetime) -> TaskRecord:
        """See ``ports.TaskStore``."""
        mine = (table.c.id == task_id) & table.c.status.in_(UNFINISHED)
        flag = update(table).where(mine).values(cancel_requested=true(), updated_at=at)
        never_leased = table.c.lease_expires_at.is_(None) & (table.c.status == Status.PENDING.value)
        end = (
            update(table)
            .where(mine, never_leased | (table.c.lease_expires_at < at))
            .values(status=Status.CANCELLED.value, reason=reason, lease_expires_at=None)
        )

        def store(connection: Connection) -> TaskRecord:
            # The first statement locks the row, so that nobody claims the task before the second.
            connection.execute(flag)
            connection.execute(end)
            return _get(connection, task_id)

        return await self._database.write(store)

    async def cancel_requests(self, owner: str) -> tuple[TaskId, ...]:
        """See ``ports.TaskStore``."""
        query = select(table.c.id).where(
            table.c.status.in_(UNFINISHED), table.c.lease_owner == owner, table.c.cancel_requested
        )
        return tuple(await self._database.read(lambda connection: connection.execute(query).scalars().all()))

    async def list(self, narrow: TaskFilter) -> TaskPage:
        """See ``ports.TaskStore``."""
        check_limit(narrow.limit)
        query = _narrowed(narrow).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(narrow.limit + 1)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        records = tuple(task_record(row) for row in rows[: narrow.limit])
        more = len(rows) > narrow.limit
        return TaskPage(records, to_cursor(records[-1].task.created_at, records[-1].task.id) if more else None)

    async def unfinished(self, older_than: datetime, limit: int = 1000) -> tuple[TaskRecord, ...]:
        """See ``ports.TaskStore``."""
        check_limit(limit)
        query = (
            select(table)
            .where(table.c.status.in_(UNFINISHED), table.c.updated_at < older_than)
            .order_by(table.c.updated_at, table.c.id)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(task_record(row) for row in rows)


def _unfinished(task_id: TaskId, fence: Fence | None = None) -> Update:
    """A change of the task's row, unless it has ended or the fence has fallen."""
    found = update(table).where(table.c.id == task_id, table.c.status.in_(UNFINISHED))
    return found if fence is None else found.where(table.c.lease_epoch == fence.epoch)


def _free(now: datetime, untouched: datetime, limit: int) -> Select[Any]:
    """Ids of unfinished tasks that nobody holds, locked; rows that another claimer has locked are passed over."""
    expired = table.c.lease_expires_at < now
    never_leased = table.c.lease_expires_at.is_(None) & (table.c.updated_at < untouched)
    return (
        select(table.c.id)
        .where(table.c.status.in_(UNFINISHED), expired | never_leased)
        .order_by(table.c.updated_at, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _find(connection: Connection, task: Task) -> RowMapping | None:
    """The stored task under the same key, else under the same id."""
    if task.idempotency_key is not None:
        same_key = (table.c.tenant == task.tenant) & (table.c.idempotency_key == task.idempotency_key)
        stored = connection.execute(select(table).where(same_key)).mappings().first()
        if stored is not None:
            return stored
    return connection.execute(select(table).where(table.c.id == task.id)).mappings().first()


def _get(connection: Connection, task_id: TaskId) -> TaskRecord:
    stored = connection.execute(select(table).where(table.c.id == task_id)).mappings().first()
    if stored is None:
        raise TaskNotFound(task_id)
    return task_record(stored)


def _narrowed(narrow: TaskFilter) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if narrow.tenant is not None:
        conditions.append(table.c.tenant == narrow.tenant)
    if narrow.graph is not None:
        conditions.append(table.c.graph == narrow.graph)
    if narrow.status is not None:
        conditions.append(table.c.status == narrow.status.value)
    if narrow.since is not None:
        conditions.append(table.c.created_at >= narrow.since)
    if narrow.before is not None:
        conditions.append(table.c.created_at < narrow.before)
    if narrow.cursor is not None:
        at, task_id = from_cursor(narrow.cursor)
        conditions.append(tuple_(table.c.created_at, table.c.id) < (at, task_id))
    return select(table).where(*conditions)
