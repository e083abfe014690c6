"""Durable tasks in the table ``tasks``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    bindparam,
    case,
    false,
    func,
    select,
    true,
    tuple_,
    update,
)

from stigmergy.domain import EpisodeId, Status, Task, TaskId
from stigmergy.errors import IdempotencyConflict, TaskNotFound
from stigmergy.platform.records import Closing, Fence, Lease, TaskFilter, TaskPage, TaskRecord
from stigmergy.platform.store.checks import check_end, new_record
from stigmergy.platform.store.claims import nobodys, turns
from stigmergy.platform.store.cursors import check_limit, from_cursor, to_cursor
from stigmergy.platform.store.database import Database
from stigmergy.platform.store.prepared import Prepared
from stigmergy.platform.store.rows import Stored, new_task_row, task_record
from stigmergy.platform.store.sql_episodes import add_closings
from stigmergy.platform.store.tables import IS_UNFINISHED, UNFINISHED
from stigmergy.platform.store.tables import tasks as table
from stigmergy.platform.store.upsert import insert_for

_BY_ID = Prepared(lambda _: select(table).where(table.c.id == bindparam("task_id")))
_CREATE = Prepared(lambda dialect: insert_for(dialect, table).on_conflict_do_nothing(), table.columns.keys())
_STILL_WAITING = case((table.c.status == Status.NEEDS_APPROVAL.value, table.c.status), else_=Status.RUNNING.value)


class SqlTasks:
    """Implements ``ports.TaskStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, task: Task, body_hash: str, lease: Lease | None = None, episode_id: EpisodeId | None = None
    ) -> TaskRecord:
        """See ``ports.TaskStore``."""
        record = new_record(task, lease, episode_id)
        row = new_task_row(record, body_hash)

        def store(connection: Connection) -> TaskRecord:
            if _CREATE.run(connection, row):
                return record
            # None: what was in the way has been purged between the two statements.
            return _known(connection, task, body_hash) or store(connection)

        return await self._database.write_at_once(store)

    async def known(self, task: Task, body_hash: str) -> TaskRecord | None:
        """See ``ports.TaskStore``."""
        return await self._database.read(lambda connection: _known(connection, task, body_hash))

    async def get(self, task_id: TaskId) -> TaskRecord:
        """See ``ports.TaskStore``."""
        return await self._database.read(lambda connection: _get(connection, task_id))

    async def mark_running(
        self, task_id: TaskId, owner: str, episode_id: EpisodeId, at: datetime, fence: Fence | None = None
    ) -> TaskRecord:
        """See ``ports.TaskStore``."""
        change = {
            "status": _STILL_WAITING,
            "lease_owner": owner,
            "episode_id": episode_id,
            "attempts": table.c.attempts + 1,
            "updated_at": at,
        }
        statement = _unfinished(task_id, fence).values(change)

        def store(connection: Connection) -> TaskRecord:
            connection.execute(statement)
            return _get(connection, task_id)

        return await self._database.write(store)

    async def renew(self, lease: Lease, tasks: Collection[TaskId]) -> int:
        """See ``ports.TaskStore``."""
        if not tasks:
            return 0
        statement = (
            update(table)
            .where(table.c.id.in_(tasks), table.c.lease_owner == lease.owner, table.c.status.in_(UNFINISHED))
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
        in_turn = turns(now, limit)

        def store(connection: Connection) -> tuple[TaskRecord, ...]:
            ids = connection.execute(in_turn).scalars().all()
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
        change = {"status": status.value, "reason": reason, "answer": answer, "result": result, "updated_at": at}
        end = _END if fence is None else _END_HELD
        at_row = {"task_id": task_id, "epoch": None if fence is None else fence.epoch}

        def store(connection: Connection) -> TaskRecord:
            ended = end.first(connection, change | at_row)
            if ended is None:
                return _get(connection, task_id)
            if closing is not None:
                add_closings(connection, (closing,))
            return task_record(ended)

        return await self._database.write_at_once(store)

    async def request_cancel(self, task_id: TaskId, reason: str, at: datetime) -> TaskRecord:
        """See ``ports.TaskStore``."""
        mine = (table.c.id == task_id) & table.c.status.in_(UNFINISHED)
        flag = update(table).where(mine).values(cancel_requested=true(), updated_at=at)
        end = (
            update(table)
            .where(table.c.id == task_id, nobodys(at))
            .values(status=Status.CANCELLED.value, reason=reason, lease_expires_at=None, question=None, decision=None)
        )

        def store(connection: Connection) -> TaskRecord:
            # The first statement locks the row, so that nobody claims the task before the second.
            connection.execute(flag)
            connection.execute(end)
            return _get(connection, task_id)

        return await self._database.write(store)

    async def waiting(self, now: datetime) -> int:
        """See ``ports.TaskStore``."""
        query = select(func.count()).select_from(table).where(nobodys(now))
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def release(self, owner: str) -> int:
        """See ``ports.TaskStore``."""
        handed_over = {
            "lease_owner": None,
            "lease_expires_at": None,
            "lease_epoch": table.c.lease_epoch + 1,
            "attempts": case((table.c.attempts > 0, table.c.attempts - 1), else_=0),
        }
        statement = (
            update(table).where(table.c.lease_owner == owner, table.c.status.in_(UNFINISHED)).values(handed_over)
        )
        return await self._database.write(lambda connection: connection.execute(statement).rowcount)

    async def retry(self, task_id: TaskId, at: datetime) -> TaskRecord:
        """See ``ports.TaskStore``."""
        anew = {
            "status": Status.PENDING.value,
            "reason": "",
            "result": None,
            "attempts": 0,
            "cancel_requested": false(),
            "lease_owner": None,
            "updated_at": at,
        }
        statement = update(table).where(table.c.id == task_id, table.c.status == Status.DEAD_LETTER.value).values(anew)

        def store(connection: Connection) -> TaskRecord:
            connection.execute(statement)
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


_ENDS = ("status", "reason", "answer", "result", "question", "decision", "lease_expires_at", "updated_at")
_ENDING = update(table).where(table.c.id == bindparam("task_id"), IS_UNFINISHED)
_END = Prepared(lambda _: _ENDING.returning(table), _ENDS)
_END_HELD = Prepared(lambda _: _ENDING.where(table.c.lease_epoch == bindparam("epoch")).returning(table), _ENDS)


def _known(connection: Connection, task: Task, body_hash: str) -> TaskRecord | None:
    stored = _find(connection, task)
    if stored is None:
        return None
    if stored["body_hash"] != body_hash:
        raise IdempotencyConflict(task.idempotency_key or task.id, stored["id"])
    return task_record(stored)


def _find(connection: Connection, task: Task) -> Stored | None:
    """The stored task under the same key, else under the same id."""
    if task.idempotency_key is not None:
        same_key = (table.c.tenant == task.tenant) & (table.c.idempotency_key == task.idempotency_key)
        stored = connection.execute(select(table).where(same_key)).mappings().first()
        if stored is not None:
            return stored
    return _BY_ID.first(connection, {"task_id": task.id})


def _get(connection: Connection, task_id: TaskId) -> TaskRecord:
    stored = _BY_ID.first(connection, {"task_id": task_id})
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
