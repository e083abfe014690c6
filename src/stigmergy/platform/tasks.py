"""The desk where tasks come in: stored before they run, run once, ended for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from stigmergy.domain import EpisodeId, Status, Task, TaskId
from stigmergy.errors import StigmergyError, StoreError, StoreUnavailable
from stigmergy.platform.clock import Clock
from stigmergy.platform.engine import Engine, Ran, new_episode_id
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Lease, TaskRecord

logger = logging.getLogger(__name__)

_ASK_AGAIN_S = 0.2


@dataclass(frozen=True, slots=True)
class Answered:
    """A task where it stands, with its run when that happened in this process."""

    record: TaskRecord
    ran: Ran | None = None


@dataclass(frozen=True, slots=True)
class _End:
    """What a task's row will say once it has ended; ``result`` is JSON text."""

    status: Status
    reason: str
    answer: str | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """A process holds its tasks for ``lease_s`` seconds at a time; a task is run at most ``max_runs`` times in all."""

    lease_s: float = 15.0
    max_runs: int = 3


class TaskDesk:
    """Accepts tasks, runs them in this process, and records how each one ended.

    The row is committed before anybody learns the id, with a lease. A caller that goes away does
    not stop its task: it was accepted. A process that dies cannot renew its leases, and another one takes its tasks
    over: such a task runs again from its start.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        clock: Clock,
        owner: str,
        summarise: Callable[[Ran], str],
        terms: LeaseTerms = LeaseTerms(),
    ) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._owner = owner
        self._summarise = summarise
        self._terms = terms
        self._running: dict[TaskId, asyncio.Task[Answered]] = {}
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to keep leases and to take over what others left; call inside the event loop."""
        self._keeper = asyncio.create_task(self._keep_leases(), name="leases")

    @property
    def in_flight(self) -> int:
        """How many tasks run in this process."""
        return len(self._running)

    async def accept(self, task: Task, body_hash: str) -> TaskRecord:
        """Store the task and start it, unless its idempotency key says that it is known already.

        Raises:
            UnknownGraph, UnknownRouter, BudgetTooSmall: nothing was stored.
            IdempotencyConflict: the key belongs to a task with another body.
        """
        self._engine.check(task)
        record = await self._store.tasks.create(task, body_hash, self._lease())
        if record.task.id == task.id and record.status is Status.PENDING and task.id not in self._running:
            self._start(task)
        return record

    async def finished(self, task_id: TaskId, timeout_s: float | None = None) -> Answered:
        """Wait until the task ends here, at most ``timeout_s`` seconds; a task that runs elsewhere is only looked up.

        Raises:
            TaskNotFound: no such task.
        """
        running = self._running.get(task_id)
        if running is not None:
            await asyncio.wait([running], timeout=timeout_s)
            if running.done() and not running.cancelled() and running.exception() is None:
                return running.result()
        return Answered(await self._store.tasks.get(task_id))

    async def pause(self) -> None:
        """Wait a little before the store is asked again about a task that another process runs."""
        await asyncio.sleep(_ASK_AGAIN_S)

    async def _keep_leases(self) -> None:
        """Renew, and take over what others left, three times per lease; ends only by being cancelled."""
        while True:
            try:
                await self._store.tasks.renew(self._lease())
                await self.take_over()
            except StoreError as error:
                logger.warning("leases wait for the store: %s", error)
            await asyncio.sleep(self._terms.lease_s / 3)

    async def take_over(self) -> int:
        """Run again what a process that died had accepted and not ended; returns how many tasks that were."""
        claimed = await self._store.tasks.claim(self._lease(), self._clock.now())
        orphans = [record for record in claimed if record.task.id not in self._running]
        for record in orphans:
            if record.attempts >= self._terms.max_runs:
                reason = f"given up: {record.attempts} processes died while they ran it"
                await self._finish(record.task, _End(Status.ESCALATED, reason))
            else:
                logger.warning("task %s was left by %s and runs again", record.task.id, record.owner)
                self._start(record.task)
        return len(orphans)

    def _lease(self) -> Lease:
        return Lease(self._owner, self._clock.now() + timedelta(seconds=self._terms.lease_s))

    async def aclose(self) -> None:
        """Wait until everything that runs has ended; its leases are kept until then."""
        if self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    def _start(self, task: Task) -> None:
        job = asyncio.create_task(self._run(task), name=f"task {task.id}")
        self._running[task.id] = job
        job.add_done_callback(lambda _: self._running.pop(task.id, None))

    async def _run(self, task: Task) -> Answered:
        episode_id = new_episode_id()
        # Beside the run: nothing waits for it before the end.
        marked = asyncio.create_task(self._mark(task, episode_id))
        try:
            ran = await self._engine.run(task, episode_id)
            episode, result = ran.episode, self._summarise(ran)
        except StigmergyError as error:
            # It was accepted under another configuration, or the platform itself failed: an explicit end all the same.
            logger.exception("task %s could not be run", task.id)
            end = _End(Status.REFUSED, str(error))
        except Exception as error:
            logger.exception("task %s met a defect of the platform", task.id)
            end = _End(Status.ESCALATED, f"internal error: {type(error).__name__}: {error}")
        else:
            await marked
            end = _End(episode.status, episode.reason, episode.answer, result)
            return Answered(await self._finish(task, end), ran)
        await marked
        return Answered(await self._finish(task, end))

    async def _mark(self, task: Task, episode_id: EpisodeId) -> None:
        try:
            await self._store.tasks.mark_running(task.id, self._owner, episode_id, self._clock.now())
        except StigmergyError as error:
            # The row says less than it could, which is no reason to lose what the task has cost.
            logger.warning("task %s runs, and the store does not know: %s", task.id, error)

    async def _finish(self, task: Task, end: _End) -> TaskRecord:
        """Store the end; while the store is away, try again: a run that was paid for is not given up."""
        while True:
            try:
                return await self._store.tasks.finish(
                    task.id,
                    status=end.status,
                    reason=end.reason,
                    at=self._clock.now(),
                    answer=end.answer,
                    result=end.result,
                )
            except StoreUnavailable as error:
                logger.warning("the end of task %s waits for the store: %s", task.id, error)
                await self.pause()
