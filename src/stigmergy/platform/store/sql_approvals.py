"""What tasks wait for, in the table ``tasks``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, select, update

from stigmergy.domain import Status, TaskId
from stigmergy.errors import TaskNotFound
from stigmergy.platform.records import Decision, Question, TaskRecord
from stigmergy.platform.store.checks import check_decision, still_valid
from stigmergy.platform.store.database import Database
from stigmergy.platform.store.rows import task_record
from stigmergy.platform.store.tables import tasks as table


class SqlApprovals:
    """Implements ``ports.ApprovalStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, task_id: TaskId, owner: str, question: Question, at: datetime) -> TaskRecord:
        """See ``ports.ApprovalStore``."""

        def store(connection: Connection) -> TaskRecord:
            record = _locked(connection, task_id)
            if record.status.ended or record.owner != owner:
                return record
            kept = still_valid(record.decision, question)
            asked = {
                "status": Status.NEEDS_APPROVAL.value,
                "question": asdict(question),
                "decision": None if kept is None else asdict(kept),
                "updated_at": at,
            }
            return _changed(connection, task_id, asked)

        return await self._database.write(store)

    async def decide(self, task_id: TaskId, decision: Decision, at: datetime) -> TaskRecord:
        """See ``ports.ApprovalStore``."""

        def store(connection: Connection) -> TaskRecord:
            record = _locked(connection, task_id)
            check_decision(record, decision)
            if record.decision is not None:
                return record
            return _changed(connection, task_id, {"decision": asdict(decision), "updated_at": at})

        return await self._database.write(store)

    async def decided(self, owner: str) -> tuple[TaskRecord, ...]:
        """See ``ports.ApprovalStore``."""
        query = select(table).where(_waits(owner), table.c.decision.is_not(None))
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(task_record(row) for row in rows)

    async def close(self, task_id: TaskId, owner: str, at: datetime) -> TaskRecord:
        """See ``ports.ApprovalStore``."""
        goes_on = {"status": Status.RUNNING.value, "question": None, "decision": None, "updated_at": at}
        return await self._of_owner(task_id, owner, goes_on)

    async def let_go(self, task_id: TaskId, owner: str, at: datetime) -> TaskRecord:
        """See ``ports.ApprovalStore``."""
        free = {
            "lease_owner": None,
            "lease_expires_at": at,
            "attempts": case((table.c.attempts > 0, table.c.attempts - 1), else_=0),
            "updated_at": at,
        }
        return await self._of_owner(task_id, owner, free)

    async def _of_owner(self, task_id: TaskId, owner: str, change: dict[str, Any]) -> TaskRecord:
        def store(connection: Connection) -> TaskRecord:
            return _changed(connection, task_id, change, _waits(owner))

        return await self._database.write(store)


def _waits(owner: str) -> ColumnElement[bool]:
    return (table.c.lease_owner == owner) & (table.c.status == Status.NEEDS_APPROVAL.value)


def _changed(
    connection: Connection, task_id: TaskId, change: dict[str, Any], *where: ColumnElement[bool]
) -> TaskRecord:
    connection.execute(update(table).where(table.c.id == task_id, *where).values(change))
    return _locked(connection, task_id)


def _locked(connection: Connection, task_id: TaskId) -> TaskRecord:
    """The task, with its row locked until the transaction ends."""
    row = connection.execute(select(table).where(table.c.id == task_id).with_for_update()).mappings().first()
    if row is None:
        raise TaskNotFound(task_id)
    return task_record(row)
