"""What tasks wait for, in this process's memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from stigmergy.domain import Status, TaskId
from stigmergy.platform.records import Decision, Question, TaskRecord
from stigmergy.platform.store.checks import check_decision, still_valid
from stigmergy.platform.store.memory_tasks import MemoryTasks


class MemoryApprovals:
    """Implements ``ports.ApprovalStore``."""

    def __init__(self, tasks: MemoryTasks) -> None:
        self._tasks = tasks

    async def ask(self, task_id: TaskId, owner: str, question: Question, at: datetime) -> TaskRecord:
        """See ``ports.ApprovalStore``."""
        record = await self._tasks.get(task_id)
        if not record.status.ended and record.owner == owner:
            kept = still_valid(record.decision, question)
            asks = replace(record, status=Status.NEEDS_APPROVAL, question=question, decision=kept, updated_at=at)
            self._tasks.put(asks)
        return await self._tasks.get(task_id)

    async def decide(self, task_id: TaskId, decision: Decision, at: datetime) -> TaskRecord:
        """See ``ports.ApprovalStore``."""
        record = await self._tasks.get(task_id)
        check_decision(record, decision)
        if record.decision is None:
            self._tasks.put(replace(record, decision=decision, updated_at=at))
        return await self._tasks.get(task_id)

    async def decided(self, owner: str) -> tuple[TaskRecord, ...]:
        """See ``ports.ApprovalStore``."""
        return tuple(record for record in self._tasks.waiting(owner) if record.decision is not None)

    async def close(self, task_id: TaskId, owner: str, at: datetime) -> TaskRecord:
        """See ``ports.ApprovalStore``."""
        record = await self._tasks.get(task_id)
        if record in self._tasks.waiting(owner):
            self._tasks.put(replace(record, status=Status.RUNNING, question=None, decision=None, updated_at=at))
        return await self._tasks.get(task_id)

    async def let_go(self, task_id: TaskId, owner: str, at: datetime) -> TaskRecord:
        """See ``ports.ApprovalStore``."""
        record = await self._tasks.get(task_id)
        if record in self._tasks.waiting(owner):
            attempts = max(record.attempts - 1, 0)
            self._tasks.put(replace(record, owner=None, lease_expires_at=at, attempts=attempts, updated_at=at))
        return await self._tasks.get(task_id)
