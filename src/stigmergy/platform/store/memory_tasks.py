"""Tasks in this process's memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from stigmergy.domain import EpisodeId, Status, Task, TaskId
from stigmergy.errors import IdempotencyConflict, TaskNotFound
from stigmergy.platform.records import Closing, Fence, Lease, TaskFilter, TaskPage, TaskRecord
from stigmergy.platform.store.checks import check_end
from stigmergy.platform.store.cursors import check_limit, from_cursor, to_cursor


async def _ignore(_closing: Closing) -> None:
    """For rows without a journal beside them."""


class MemoryTasks:
    """Implements ``ports.TaskStore``."""

    def __init__(self, close: Callable[[Closing], Awaitable[None]] = _ignore) -> None:
        """``close`` stores what an episode leaves when its task ends."""
        self._close = close
        self._records: dict[TaskId, TaskRecord] = {}
        self._bodies: dict[TaskId, str] = {}
        self._keys: dict[tuple[str, str | None], TaskId] = {}

    async def create(
        self, task: Task, body_hash: str, lease: Lease | None = None, episode_id: EpisodeId | None = None
    ) -> TaskRecord:
        """See ``ports.TaskStore``."""
        known = self._find(task)
        if known is None:
            self._bodies[task.id] = body_hash
            owner, until = (None, None) if lease is None else (lease.owner, lease.until)
            record = TaskRecord(task=task, owner=owner, lease_expires_at=until, updated_at=task.created_at)
            if episode_id is not None:
                record = replace(record, status=Status.RUNNING, episode_id=episode_id, attempts=1)
            self._records[task.id] = record
            if task.idempotency_key is not None:
                self._keys[task.tenant, task.idempotency_key] = task.id
            return self._records[task.id]
        if self._bodies[known.task.id] != body_hash:
            raise IdempotencyConflict(task.idempotency_key or task.id, known.task.id)
        return known

    def _find(self, task: Task) -> TaskRecord | None:
        same_key = self._keys.get((task.tenant, task.idempotency_key))
        return self._records.get(task.id if same_key is None else same_key)

    async def get(self, task_id: TaskId) -> TaskRecord:
        """See ``ports.TaskStore``."""
        if task_id not in self._records:
            raise TaskNotFound(task_id)
        return self._records[task_id]

    def put(self, record: TaskRecord) -> None:
        """Replace the task's record."""
        self._records[record.task.id] = record

    def waiting(self, owner: str) -> tuple[TaskRecord, ...]:
        """The tasks of ``owner`` that need an approval."""
        return tuple(r for r in self._records.values() if r.owner == owner and r.status is Status.NEEDS_APPROVAL)

    async def mark_running(self, task_id: TaskId, owner: str, episode_id: EpisodeId, at: datetime) -> TaskRecord:
        """See ``ports.TaskStore``."""
        record = await self.get(task_id)
        if not record.status.ended:
            self._records[task_id] = replace(
                record,
                status=Status.RUNNING if record.question is None else record.status,
                owner=owner,
                episode_id=episode_id,
                attempts=record.attempts + 1,
                updated_at=at,
            )
        return self._records[task_id]

    async def renew(self, lease: Lease) -> int:
        """See ``ports.TaskStore``."""
        held = [key for key, r in self._records.items() if not r.status.ended and r.owner == lease.owner]
        for key in held:
            self._records[key] = replace(self._records[key], lease_expires_at=lease.until)
        return len(held)

    async def claim(self, lease: Lease, now: datetime, limit: int = 100) -> tuple[TaskRecord, ...]:
        """See ``ports.TaskStore``."""
        check_limit(limit)
        untouched = now - (lease.until - now)
        free = [r for r in self._records.values() if not r.status.ended and _is_free(r, now, untouched)]
        taken = sorted(free, key=lambda record: (record.updated_at, record.task.id))[:limit]
        for record in taken:
            self._records[record.task.id] = replace(
                record, owner=lease.owner, lease_expires_at=lease.until, epoch=record.epoch + 1, updated_at=now
            )
        return tuple(self._records[record.task.id] for record in taken)

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
        record = await self.get(task_id)
        if not record.status.ended and (fence is None or self.stands(fence)):
            if closing is not None:
                await self._close(closing)
            self._records[task_id] = replace(
                record,
                status=status,
                reason=reason,
                answer=answer,
                result=result,
                question=None,
                decision=None,
                lease_expires_at=None,
                updated_at=at,
            )
        return self._records[task_id]

    def stands(self, fence: Fence) -> bool:
        """Whether who holds the fence still holds its task."""
        record = self._records.get(fence.task_id)
        return record is not None and not record.status.ended and record.epoch == fence.epoch

    async def request_cancel(self, task_id: TaskId, reason: str, at: datetime) -> TaskRecord:
        """See ``ports.TaskStore``."""
        record = await self.get(task_id)
        if not record.status.ended:
            expires = record.lease_expires_at
            self._records[task_id] = replace(record, cancel_requested=True, updated_at=at)
            nobodys = record.status is Status.PENDING if expires is None else expires < at
            if nobodys:
                await self.finish(task_id, status=Status.CANCELLED, reason=reason, at=at)
        return self._records[task_id]

    async def cancel_requests(self, owner: str) -> tuple[TaskId, ...]:
        """See ``ports.TaskStore``."""
        mine = (record for record in self._records.values() if record.owner == owner and not record.status.ended)
        return tuple(record.task.id for record in mine if record.cancel_requested)

    async def list(self, narrow: TaskFilter) -> TaskPage:
        """See ``ports.TaskStore``."""
        check_limit(narrow.limit)
        left = sorted((r for r in self._records.values() if _passes(narrow, r)), key=_place, reverse=True)
        if narrow.cursor is not None:
            last = from_cursor(narrow.cursor)
            left = [record for record in left if _place(record) < last]
        page = tuple(left[: narrow.limit])
        return TaskPage(page, to_cursor(*_place(page[-1])) if len(left) > narrow.limit else None)

    async def unfinished(self, older_than: datetime, limit: int = 1000) -> tuple[TaskRecord, ...]:
        """See ``ports.TaskStore``."""
        check_limit(limit)
        stale = [r for r in self._records.values() if not r.status.ended and r.updated_at < older_than]
        return tuple(sorted(stale, key=lambda record: (record.updated_at, record.task.id))[:limit])

    def running_episodes(self) -> set[EpisodeId]:
        """Episodes of tasks that have not ended."""
        return {r.episode_id for r in self._records.values() if r.episode_id is not None and not r.status.ended}

    def forget_ended(self, before: datetime) -> int:
        """Delete tasks that ended before ``before``; how many."""
        old = [key for key, r in self._records.items() if r.status.ended and r.updated_at < before]
        for key in old:
            task = self._records.pop(key).task
            del self._bodies[key]
            self._keys.pop((task.tenant, task.idempotency_key), None)
        return len(old)


def _is_free(record: TaskRecord, now: datetime, untouched: datetime) -> bool:
    expires = record.lease_expires_at
    return record.updated_at < untouched if expires is None else expires < now


def _place(record: TaskRecord) -> tuple[datetime, TaskId]:
    return record.task.created_at, record.task.id


def _passes(narrow: TaskFilter, record: TaskRecord) -> bool:
    task = record.task
    return (
        narrow.tenant in (None, task.tenant)
        and narrow.graph in (None, task.graph)
        and narrow.status in (None, record.status)
        and (narrow.since is None or task.created_at >= narrow.since)
        and (narrow.before is None or task.created_at < narrow.before)
    )
