"""The desk where tasks come in: stored before they run, run once, ended for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from stigmergy.domain import Status, Task, TaskId
from stigmergy.errors import StoreError, TaskEnded
from stigmergy.platform.approvals import Approvals
from stigmergy.platform.clock import Clock
from stigmergy.platform.engine import Engine, Ran, new_episode_id
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Decision, Lease, TaskRecord
from stigmergy.platform.task_runs import CANCELLED_ON_REQUEST, Answered, End, TaskRuns

__all__ = ["Answered", "LeaseTerms", "TaskDesk"]

logger = logging.getLogger(__name__)

_ASK_AGAIN_S = 0.2


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """A process holds its tasks for ``lease_s`` seconds at a time; a task is run at most ``max_runs`` times in all.

    Every ``cancel_poll_s`` seconds it asks what another process was told about its tasks: to cancel one, or what was
    decided about a risky hop.
    """

    lease_s: float = 15.0
    max_runs: int = 3
    cancel_poll_s: float = 1.0


def _let_go(_ran: Ran) -> None:
    """For desks whose runs nobody wants but their callers."""


class TaskDesk:
    """Accepts tasks, runs them in this process, and records how each one ended.

    The row is committed before anybody learns the id, with a lease. A caller that goes away does not stop its task: it
    was accepted. A process that dies cannot renew its leases, and another one takes its tasks over: it goes on from
    the journal, so that no finished step is called again.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        clock: Clock,
        owner: str,
        summarise: Callable[[Ran], str],
        live: LiveEvents | None = None,
        deliver: Callable[[Ran], None] = _let_go,
        terms: LeaseTerms = LeaseTerms(),
        approvals: Approvals | None = None,
    ) -> None:
        """``summarise`` makes the stored result of a run; ``deliver`` takes every run whose end is stored."""
        self._engine = engine
        self._store = store
        self._clock = clock
        self._owner = owner
        self._terms = terms
        self._approvals = approvals or Approvals(store, clock, owner)
        self._runs = TaskRuns(
            engine,
            store,
            clock,
            owner=owner,
            summarise=summarise,
            live=live or LiveEvents(),
            deliver=deliver,
            approvals=self._approvals,
        )
        self._ending = False
        self._keepers: tuple[asyncio.Task[None], ...] = ()

    def start(self) -> None:
        """Begin to keep leases, to heed what others are told and to take over what they left; call inside the loop."""
        self._keepers = (
            asyncio.create_task(self._keep_leases(), name="leases"),
            asyncio.create_task(self._heed(), name="cancellations and decisions"),
        )

    @property
    def in_flight(self) -> int:
        """How many tasks run in this process."""
        return len(self._runs)

    async def accept(self, task: Task, body_hash: str) -> TaskRecord:
        """Store the task and start it, unless its idempotency key says that it is known already.

        Raises:
            UnknownGraph, UnknownRouter, BudgetTooSmall: nothing was stored.
            IdempotencyConflict: the key belongs to a task with another body.
        """
        self._engine.check(task)
        episode_id = new_episode_id()
        record = await self._store.tasks.create(task, body_hash, self._lease(), episode_id)
        # Only of a task that is new here the episode is the one that was just proposed.
        if record.episode_id == episode_id:
            self._runs.start(record)
        return record

    async def finished(self, task_id: TaskId, timeout_s: float | None = None) -> Answered:
        """Wait until the task ends here, at most ``timeout_s`` seconds; a task that runs elsewhere is only looked up.

        Raises:
            TaskNotFound: no such task.
        """
        answered = await self._runs.wait(task_id, timeout_s)
        return Answered(await self._store.tasks.get(task_id)) if answered is None else answered

    async def cancel(self, task_id: TaskId) -> TaskRecord:
        """Ask for the end of a task; the record says where it stands now, and its end follows.

        What runs here is interrupted at once, the call of its agent with it; what another process runs, when that one
        next asks; what nobody runs has ended already. Cancelling what is cancelled changes nothing.

        Raises:
            TaskNotFound: no such task.
            TaskEnded: it has ended otherwise.
        """
        record = await self._store.tasks.request_cancel(task_id, CANCELLED_ON_REQUEST, self._clock.now())
        if record.status.ended and record.status is not Status.CANCELLED:
            raise TaskEnded(task_id, record.status.value)
        self._runs.stop(task_id)
        return record

    async def decide(self, task_id: TaskId, *, approved: bool, by: str, comment: str, place: str = "") -> TaskRecord:
        """Decide about the risky hop that a task waits with; ``place`` names it, "" is whichever it is.

        Who holds the task hears of it: at once here, elsewhere when that process next asks, and after a crash whoever
        takes the task over.

        Raises:
            TaskNotFound: no such task.
            ApprovalNotAsked: it does not wait for this decision, or has ended.
        """
        question = (await self._store.tasks.get(task_id)).question
        asked = question.place if question is not None and not place else place
        decision = Decision(place=asked, approved=approved, by=by, comment=comment)
        record = await self._store.approvals.decide(task_id, decision, self._clock.now())
        self._approvals.tell(record)
        return record

    async def pause(self) -> None:
        """Wait a little before the store is asked again about a task that another process runs."""
        await asyncio.sleep(_ASK_AGAIN_S)

    async def _keep_leases(self) -> None:
        """Renew, and take over what others left, three times per lease; ends only by being cancelled."""
        while True:
            try:
                await self._store.tasks.renew(self._lease())
                if not self._ending:
                    await self.take_over()
            except StoreError as error:
                logger.warning("leases wait for the store: %s", error)
            await asyncio.sleep(self._terms.lease_s / 3)

    async def _heed(self) -> None:
        """Do what others were told about the tasks of this process; ends only by being cancelled."""
        while True:
            await asyncio.sleep(self._terms.cancel_poll_s)
            try:
                await self.stop_cancelled()
                await self._approvals.heed()
            except StoreError as error:
                logger.warning("cancellations and decisions wait for the store: %s", error)

    async def stop_cancelled(self) -> None:
        """Interrupt those tasks of this process whose cancellation was asked for anywhere."""
        if self._runs:
            for task_id in await self._store.tasks.cancel_requests(self._owner):
                self._runs.stop(task_id)

    async def take_over(self) -> int:
        """Run again what a process that died had accepted and not ended; returns how many tasks that were."""
        claimed = await self._store.tasks.claim(self._lease(), self._clock.now())
        orphans = [record for record in claimed if record.task.id not in self._runs]
        for record in orphans:
            if record.cancel_requested:
                await self._runs.end(record.task.id, End(Status.CANCELLED, CANCELLED_ON_REQUEST))
            elif record.attempts >= self._terms.max_runs:
                reason = f"given up: {record.attempts} processes died while they ran it"
                await self._runs.end(record.task.id, End(Status.ESCALATED, reason))
            else:
                await self._start_again(record)
        return len(orphans)

    async def _start_again(self, record: TaskRecord) -> None:
        logger.warning("task %s was left unfinished and goes on here", record.task.id)
        episode_id = record.episode_id or new_episode_id()
        now = self._clock.now()
        self._runs.start(await self._store.tasks.mark_running(record.task.id, self._owner, episode_id, now))

    def _lease(self) -> Lease:
        return Lease(self._owner, self._clock.now() + timedelta(seconds=self._terms.lease_s))

    async def aclose(self) -> None:
        """Wait until everything that runs has ended; its leases are kept until then.

        What waits for somebody's decision is left to another process.
        """
        self._ending = True
        await self._runs.aclose()
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
