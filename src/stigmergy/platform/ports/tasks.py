"""Durable tasks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from stigmergy.domain import EpisodeId, Status, Task, TaskId
from stigmergy.platform.records import Closing, Fence, Lease, TaskFilter, TaskPage, TaskRecord


class TaskStore(Protocol):
    """Durable tasks: the row is there before the caller learns the id."""

    async def create(
        self, task: Task, body_hash: str, lease: Lease | None = None, episode_id: EpisodeId | None = None
    ) -> TaskRecord:
        """Store a pending task, or find it again. A fresh one belongs to the holder of ``lease``, else it waits.

        With an ``episode_id`` it is no more pending: the holder starts its first attempt, as that episode.

        A task whose (tenant, idempotency key) or whose id is stored already under the same ``body_hash`` is not
        stored twice: the stored record is returned, recognisable by its task's id.

        Raises:
            IdempotencyConflict: key or id is taken by a task with another body.
        """
        ...

    async def known(self, task: Task, body_hash: str) -> TaskRecord | None:
        """What ``create`` would find instead of storing the task, or None; raises as ``create``."""
        ...

    async def get(self, task_id: TaskId) -> TaskRecord:
        """The task and where it stands.

        Raises:
            TaskNotFound: none is stored under this id.
        """
        ...

    async def mark_running(
        self, task_id: TaskId, owner: str, episode_id: EpisodeId, at: datetime, fence: Fence | None = None
    ) -> TaskRecord:
        """``owner`` starts an attempt as ``episode_id``.

        A task that has ended, or whose ``fence`` has fallen, stays as it is; the record tells.

        One that needs an approval goes on needing it: its attempt may have come so far already.

        Raises:
            TaskNotFound: none is stored under this id.
        """
        ...

    async def renew(self, lease: Lease, tasks: Collection[TaskId]) -> int:
        """Prolong those of ``tasks`` that are unfinished and held by the lease's owner; how many that are.

        An owner names what it runs: a row can be its own without its knowledge, when the answer to a write was lost.
        """
        ...

    async def claim(self, lease: Lease, now: datetime, limit: int = 100) -> tuple[TaskRecord, ...]:
        """Take over unfinished tasks that are nobody's: without a lease, or whose lease has run out.

        No task is given to two claimers. Tenants come in turn by max-min fairness: each pick is of the tenant of which
        the fewest tasks are held (with those picked before it), all tenants weighing the same. Of a tenant's tasks, and
        of tenants with equally many, the one with the earliest ``Task.turn_at``. Claimers do not see each other.
        """
        ...

    async def waiting(self, now: datetime) -> int:
        """How many tasks ``claim`` would find at this moment."""
        ...

    async def release(self, owner: str) -> int:
        """Hand over all that ``owner`` holds, to be claimed at once and not counted as an attempt; how many tasks."""
        ...

    async def retry(self, task_id: TaskId, at: datetime) -> TaskRecord:
        """Have a dead letter wait again, as if nobody had tried it. Any other task stays; the record tells.

        Raises:
            TaskNotFound: none is stored under this id.
        """
        ...

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
        """End the task with a ``status`` that is an end, and store ``closing`` with it: all of it or nothing.

        The first end stays: later ones, and those behind a ``fence`` that has fallen, change nothing.

        Raises:
            TaskNotFound: none is stored under this id.
            StoreError: ``status`` is not an end.
        """
        ...

    async def request_cancel(self, task_id: TaskId, reason: str, at: datetime) -> TaskRecord:
        """Ask for the end of a task: nobody's ends as cancelled with ``reason``, somebody's is flagged for its owner.

        It is nobody's without a lease, or when its lease has run out. An ended task stays as it is; the record tells.

        Raises:
            TaskNotFound: none is stored under this id.
        """
        ...

    async def cancel_requests(self, owner: str) -> tuple[TaskId, ...]:
        """The unfinished tasks of ``owner`` that somebody wants to be cancelled."""
        ...

    async def list(self, narrow: TaskFilter) -> TaskPage:
        """The tasks that ``narrow`` leaves, the last created first (then by id, downwards), with stable paging.

        Raises:
            InvalidQuery: the cursor is not one of ours, or the limit is below one.
        """
        ...

    async def unfinished(self, older_than: datetime, limit: int = 1000) -> tuple[TaskRecord, ...]:
        """Pending and running tasks whose last change lies before ``older_than``, the stalest first."""
        ...
