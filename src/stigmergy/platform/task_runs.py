"""The tasks that run in this process: started, stopped on request, and ended in the store for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stigmergy.domain import Status, TaskId
from stigmergy.errors import StigmergyError, StoreUnavailable, TaskTakenOver
from stigmergy.platform.approvals import Approvals
from stigmergy.platform.clock import Clock
from stigmergy.platform.engine import Engine, Ran, RunCancelled, RunSuspended, new_episode_id
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Closing, Fence, TaskRecord
from stigmergy.platform.task_journal import TaskJournal

logger = logging.getLogger(__name__)

CANCELLED_ON_REQUEST = "cancelled on request"
_TRY_AGAIN_S = 0.2
_CUT_OFF_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A task where it stands, with its run when that happened in this process."""

    record: TaskRecord
    ran: Ran | None = None


@dataclass(frozen=True, slots=True)
class End:
    """What a task's row will say once it has ended; ``result`` is JSON text."""

    status: Status
    reason: str
    answer: str | None = None
    result: str | None = None


@dataclass(slots=True)
class _Job:
    """A task's coroutine. Only while it is ``in_engine`` may it be interrupted: what follows must reach the store."""

    running: asyncio.Task[Answered]
    in_engine: bool = False
    stopped: bool = False


class TaskRuns:
    """Runs tasks side by side on the running event loop, as ``owner``."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        clock: Clock,
        *,
        owner: str,
        summarise: Callable[[Ran], str],
        live: LiveEvents,
        deliver: Callable[[Ran], None],
        approvals: Approvals,
    ) -> None:
        """``summarise`` makes the result of a run; ``deliver`` takes every run whose end is stored."""
        self._engine = engine
        self._store = store
        self._clock = clock
        self._owner = owner
        self._summarise = summarise
        self._live = live
        self._deliver = deliver
        self._approvals = approvals
        self._jobs: dict[TaskId, _Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def task_ids(self) -> tuple[TaskId, ...]:
        """What runs."""
        return tuple(self._jobs)

    def __contains__(self, task_id: TaskId) -> bool:
        return task_id in self._jobs

    def start(self, record: TaskRecord, ended: Callable[[], None]) -> None:
        """Run the task in the background, or go on with what another process has left of it.

        ``ended`` is called when it no longer runs.
        """
        task_id = record.task.id
        running = asyncio.create_task(self._run(record), name=f"task {task_id}")
        self._jobs[task_id] = _Job(running)

        def leave(_: object) -> None:
            self._jobs.pop(task_id, None)
            ended()

        running.add_done_callback(leave)

    def stop(self, task_id: TaskId) -> None:
        """Interrupt the task, and the call of an agent with it. Its end follows; what does not run is left alone."""
        job = self._jobs.get(task_id)
        if job is None or job.stopped:
            return
        job.stopped = True
        if job.in_engine:
            job.running.cancel(CANCELLED_ON_REQUEST)

    async def wait(self, task_id: TaskId, timeout_s: float | None) -> Answered | None:
        """The task's end, or None: it does not run here, or not after so many seconds, or it waits for a decision."""
        job = self._jobs.get(task_id)
        if job is None:
            return None
        either: tuple[asyncio.Future[Any], ...] = (job.running, self._approvals.asked(task_id))
        await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        done = job.running.done() and not job.running.cancelled() and job.running.exception() is None
        return job.running.result() if done else None

    async def end(
        self, task_id: TaskId, end: End, fence: Fence | None = None, closing: Closing | None = None
    ) -> TaskRecord:
        """Store the end; while the store is away, try again: a run that was paid for is not given up."""
        while True:
            try:
                return await self._store.tasks.finish(
                    task_id,
                    status=end.status,
                    reason=end.reason,
                    at=self._clock.now(),
                    answer=end.answer,
                    result=end.result,
                    fence=fence,
                    closing=closing,
                )
            except StoreUnavailable as error:
                logger.warning("the end of task %s waits for the store: %s", task_id, error)
                await asyncio.sleep(_TRY_AGAIN_S)

    async def drained(self, within_s: float) -> bool:
        """Whether everything that runs has ended within so many seconds."""
        running = [job.running for job in self._jobs.values()]
        _, unfinished = await asyncio.wait(running, timeout=within_s) if running else ((), ())
        return not unfinished

    async def abandon(self) -> None:
        """Stop everything in the middle, without an end: others go on with it.

        What waits for a store that is away, to tell it of that, is cut off after a second.
        """
        running = [job.running for job in self._jobs.values()]
        for _ in range(2):
            for each in running:
                each.cancel()
            if running:
                await asyncio.wait(running, timeout=_CUT_OFF_AFTER_S)

    async def _run(self, record: TaskRecord) -> Answered:
        task_id, fence = record.task.id, Fence(record.task.id, record.epoch)
        try:
            journal = await self._journal(record, fence)
            # Nothing is waited for between this and the engine, so that no request is missed.
            if self._jobs[task_id].stopped:
                return Answered(await self.end(task_id, End(Status.CANCELLED, CANCELLED_ON_REQUEST), fence))
            return await self._run_to_its_end(record, journal)
        except RunSuspended:
            return Answered(await self._approvals.let_go(task_id))
        except TaskTakenOver as error:
            logger.warning("%s", error)
            return Answered(await self._store.tasks.get(task_id))
        except StigmergyError as error:
            # It was accepted under another configuration, or the platform itself failed: an explicit end all the same.
            logger.exception("task %s could not be run", task_id)
            end = End(Status.REFUSED, str(error))
        except Exception as error:
            logger.exception("task %s met a defect of the platform", task_id)
            end = End(Status.ESCALATED, f"internal error: {type(error).__name__}: {error}")
        return Answered(await self.end(task_id, end, fence))

    async def _journal(self, record: TaskRecord, fence: Fence) -> TaskJournal:
        journal = TaskJournal(self._store.journal, self._live, fence, record.episode_id or new_episode_id())
        if record.epoch:
            await journal.open()
        return journal

    async def _run_to_its_end(self, record: TaskRecord, journal: TaskJournal) -> Answered:
        journal.begin()
        try:
            ran = await self._interruptible(record, journal)
            closing = journal.closing(ran)
            end = End(ran.episode.status, ran.episode.reason, ran.episode.answer, self._summarise(ran))
            ended = await self.end(record.task.id, end, journal.fence, closing)
        except BaseException:
            journal.abandon()
            raise
        if (ended.status, ended.result) != (end.status, end.result):
            journal.abandon()
            return Answered(ended)
        journal.end(ran)
        self._deliver(ran)
        return Answered(ended, ran)

    async def _interruptible(self, record: TaskRecord, journal: TaskJournal) -> Ran:
        """The finished run; also one that was stopped, which is a result like any other."""
        job = self._jobs[record.task.id]
        job.in_engine = True
        try:
            return await self._engine.run(record.task, journal.episode_id, journal, journal.past)
        except RunCancelled as cancelled:
            if not job.stopped:
                raise
            return cancelled.ran
        finally:
            job.in_engine = False
            if job.stopped:
                job.running.uncancel()
