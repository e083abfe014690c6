"""Tasks in this process's memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime

from stigmergy.domain import EpisodeId, Status, Task, TaskId
from stigmergy.errors import IdempotencyConflict, TaskNotFound
from stigmergy.platform.records import Closing, Fence, Lease, TaskFilter, TaskPage, TaskRecord
from stigmergy.platform.store.checks import check_end, new_record
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
        known = await self.known(task, body_hash)
        if known is None:
            self._bodies[task.id] = body_hash
            self._records[task.id] = new_record(task, lease, episode_id)
            if task.idempotency_key is not None:
                self._keys[task.tenant, task.idempotency_key] = task.id
            return self._records[task.id]
        return known

    async def known(self, task: Task, body_hash: str) -> TaskRecord | None:
        """See ``ports.TaskStore``."""
        same_key = self._keys.get((task.tenant, task.idempotency_key))
        known = self._records.get(task.id if same_key is None else same_key)
        if known is not None and self._bodies[known.task.id] != body_hash:
            raise IdempotencyConflict(task.idempotency_key or task.id, known.task.id)
        return known

    async def get(self, task_id: TaskId) -> TaskRecord:
        """See ``ports.TaskStore``."""
        if task_id not in self._records:
            raise TaskNotFound(task_id)
        return self._records[task_id]

    def put(self, record: TaskRecord) -> None:
        """Replace the task's record."""
        self._records[record.task.id] = record

    def needing_approval(self, owner: str) -> tuple[TaskRecord, ...]:
        """The tasks of ``owner`` that need an approval."""
        return tuple(r for r in self._records.values() if r.owner == owner and r.status is Status.NEEDS_APPROVAL)

    async def mark_running(
        self, task_id: TaskId, owner: str, episode_id: EpisodeId, at: datetime, fence: Fence | None = None
    ) -> TaskRecord:
        """See ``ports.TaskStore``."""
        record = await self.get(task_id)
        if not record.status.ended and (fence is None or self.stands(fence)):
            self._records[task_id] = replace(
                record,
                status=Status.RUNNING if record.question is None else record.status,
                owner=owner,
                episode_id=episode_id,
                attempts=record.attempts + 1,
                updated_at=at,
            )
        return self._records[task_id]

    async def renew(self, lease: Lease, tasks: Collection[TaskId]) -> int:
        """See ``ports.TaskStore``."""
        held = [k for k, r in self._records.items() if k in tasks and not r.status.ended and r.owner == lease.owner]
        for key in held:
            self._records[key] = replace(self._records[key], lease_expires_at=lease.until)
        return len(held)

    async def claim(self, lease: Lease, now: datetime, limit: int = 100) -> tuple[TaskRecord, ...]:
        """See ``ports.TaskStore``."""
        check_limit(limit)
        taken = self._in_turn(now)[:limit]
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
            self._records[task_id] = replace(record, cancel_requested=True, updated_at=at)
            if _is_nobodys(record, at):
                await self.finish(task_id, status=Status.CANCELLED, reason=reason, at=at)
        return self._records[task_id]

    def _in_turn(self, now: datetime) -> list[TaskRecord]:
        """What waits: the k-th task of a tenant that holds h comes at place h + k."""
        held: Counter[str] = Counter()
        for record in self._records.values():
            held[record.task.tenant] += not record.status.ended and not _is_nobodys(record, now)
        placed = []
        for record in sorted(self._waiting(now), key=_turn):
            held[record.task.tenant] += 1
            placed.append((held[record.task.tenant], record))
        return [record for _, record in sorted(placed, key=lambda each: (each[0], *_turn(each[1])))]

    def _waiting(self, now: datetime) -> Iterator[TaskRecord]:
        return (record for record in self._records.values() if _is_nobodys(record, now))

    async def waiting(self, now: datetime) -> int:
        """See ``ports.TaskStore``."""
        return sum(1 for _ in self._waiting(now))

    async def release(self, owner: str) -> int:
        """See ``ports.TaskStore``."""
        held = [key for key, r in self._records.items() if not r.status.ended and r.owner == owner]
        for key in held:
            record = self._records[key]
            self._records[key] = replace(
                record,
                owner=None,
                lease_expires_at=None,
                epoch=record.epoch + 1,
                attempts=max(0, record.attempts - 1),
            )
        return len(held)

    async def retry(self, task_id: TaskId, at: datetime) -> TaskRecord:
        """See ``ports.TaskStore``."""
        record = await self.get(task_id)
        if record.status is Status.DEAD_LETTER:
            self._records[task_id] = TaskRecord(
                task=record.task, episode_id=record.episode_id, epoch=record.epoch, updated_at=at
            )
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


def _is_nobodys(record: TaskRecord, now: datetime) -> bool:
    expires = record.lease_expires_at
    return not record.status.ended and (expires is None or expires < now)


def _turn(record: TaskRecord) -> tuple[datetime, TaskId]:
    return record.task.turn_at, record.task.id


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
