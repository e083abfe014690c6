"""The desk where tasks come in: stored before they run, run where there is room, ended for good."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from stigmergy.domain import Status, Task, TaskId
from stigmergy.errors import NoDeadLetter, StoreError, TaskEnded
from stigmergy.platform.approvals import Approvals
from stigmergy.platform.clock import Clock
from stigmergy.platform.engine import Engine, Ran, new_episode_id
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Decision, Fence, Lease, TaskRecord
from stigmergy.platform.task_runs import CANCELLED_ON_REQUEST, Answered, End, TaskRuns

__all__ = ["Answered", "LeaseTerms", "TaskDesk"]

logger = logging.getLogger(__name__)

_ASK_AGAIN_S = 0.2
_MOST_AT_ONCE = 100
# A keeper that ended would take every lease of this process with it, and nobody would know.
_GOES_ON = "a defect of the platform; what it was about waits for the next round"


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """A process holds its tasks for ``lease_s`` seconds at a time; a task is run at most ``max_runs`` times in all.

    It runs at most ``max_running`` tasks side by side; every ``claim_poll_s`` seconds, and when one has ended, it looks
    for those that wait. Every ``cancel_poll_s`` seconds it asks what another process was told about its tasks: to
    cancel one, or what was decided about a risky hop. Asked to close, it gives what runs ``drain_s`` seconds to end,
    and hands the rest over.
    """

    lease_s: float = 15.0
    max_runs: int = 3
    max_running: int = 1000
    claim_poll_s: float = 0.5
    cancel_poll_s: float = 1.0
    drain_s: float = 8.0


def _let_go(_ran: Ran) -> None:
    """For desks whose runs nobody wants but their callers."""


class TaskDesk:
    """Accepts tasks, runs them in this process, and records how each one ended.

    The row is committed before anybody learns the id, with a lease where there is room to run it; else it waits for
    whoever has room, here or elsewhere. A caller that goes away does not stop its task: it was accepted. A process
    that dies cannot renew its leases, and another one takes its tasks over: it goes on from the journal, so that no
    finished step is called again.
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        clock: Clock,
        owner: str,
        summarise: Callable[[Ran], str],
        *,
        live: LiveEvents | None = None,
        deliver: Callable[[Ran], None] = _let_go,
        terms: LeaseTerms = LeaseTerms(),
        approvals: Approvals | None = None,
        counts: Counter[str] | None = None,
    ) -> None:
        """Take what a task leaves.

        ``summarise`` makes the stored result of a run; ``deliver`` takes every run whose end is stored; ``counts`` gets
        the ends that no run tells of, as the metrics name them.
        """
        self._engine = engine
        self._store = store
        self._clock = clock
        self._owner = owner
        self._terms = terms
        self._approvals = approvals or Approvals(store, clock, owner)
        self._counts = Counter() if counts is None else counts
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
        self._promised = 0
        self._waiting = 0
        self._wake = asyncio.Event()
        self._keepers: tuple[asyncio.Task[None], ...] = ()

    def start(self) -> None:
        """Begin to keep leases, to heed what others are told and to take over what they left; call inside the loop."""
        self._keepers = (
            asyncio.create_task(self._keep_leases(), name="leases"),
            asyncio.create_task(self._find_work(), name="claims"),
            asyncio.create_task(self._heed(), name="cancellations and decisions"),
        )

    @property
    def in_flight(self) -> int:
        """How many tasks run in this process."""
        return len(self._runs)

    @property
    def waiting(self) -> int:
        """How many tasks wait for room in any process, as far as this one knows."""
        return self._waiting

    @property
    def load(self) -> int:
        """How many tasks run here or wait for room anywhere."""
        return self.in_flight + self._promised + self._waiting

    async def accept(self, task: Task, body_hash: str) -> TaskRecord:
        """Store the task, unless its idempotency key says that it is known already, and start it if there is room.

        Raises:
            UnknownGraph, UnknownRouter, BudgetTooSmall: nothing was stored.
            IdempotencyConflict: the key belongs to a task with another body.
        """
        self._engine.check(task)
        with self._places(1) as places:
            lease, episode_id = (self._lease(), new_episode_id()) if places else (None, None)
            record = await self._store.tasks.create(task, body_hash, lease, episode_id)
            # Only of a task that is new here the episode is the one that was just proposed.
            if places and record.episode_id == episode_id:
                self._start(record)
            elif record.owner is None and not record.status.ended:
                self._waiting += 1
        return record

    @contextmanager
    def _places(self, most: int) -> Iterator[int]:
        """Keep up to so many places free, while the store is asked for whom."""
        places = max(0, min(most, self._terms.max_running - len(self._runs) - self._promised))
        self._promised += places
        try:
            yield places
        finally:
            self._promised -= places

    def _start(self, record: TaskRecord) -> None:
        self._runs.start(record, self._ended)

    def _ended(self) -> None:
        if self._waiting:
            self._wake.set()

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

    async def retry(self, task_id: TaskId) -> TaskRecord:
        """Have a dead letter run again, as often as any other task. What has not ended is left alone.

        Raises:
            TaskNotFound: no such task.
            NoDeadLetter: it has ended otherwise.
        """
        record = await self._store.tasks.retry(task_id, self._clock.now())
        if record.status.ended:
            raise NoDeadLetter(task_id, record.status.value)
        self._wake.set()
        return record

    async def pause(self) -> None:
        """Wait a little before the store is asked again about a task that another process runs."""
        await asyncio.sleep(_ASK_AGAIN_S)

    async def _keep_leases(self) -> None:
        """Renew three times per lease; ends only by being cancelled."""
        while True:
            try:
                await self._renew()
            except StoreError as error:
                logger.warning("leases wait for the store: %s", error)
            except Exception:
                logger.exception(_GOES_ON)
            await asyncio.sleep(self._terms.lease_s / 3)

    async def _renew(self) -> None:
        held = self._runs.task_ids
        if await self._store.tasks.renew(self._lease(), held) < len(held):
            await self._approvals.forsake()

    async def _find_work(self) -> None:
        """Take what waits while there is room; ends only by being cancelled."""
        while True:
            self._wake.clear()
            try:
                self._waiting = await self._store.tasks.waiting(self._clock.now())
                if self._waiting:
                    await self.take_over()
            except StoreError as error:
                logger.warning("claims wait for the store: %s", error)
            except Exception:
                logger.exception(_GOES_ON)
            # Not wait_for: until Python 3.12 it swallows a cancellation that comes together with the wake.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._terms.claim_poll_s):
                    await self._wake.wait()

    async def _heed(self) -> None:
        """Do what others were told about the tasks of this process; ends only by being cancelled."""
        while True:
            await asyncio.sleep(self._terms.cancel_poll_s)
            try:
                await self.stop_cancelled()
                await self._approvals.heed()
            except StoreError as error:
                logger.warning("cancellations and decisions wait for the store: %s", error)
            except Exception:
                logger.exception(_GOES_ON)

    async def stop_cancelled(self) -> None:
        """Interrupt those tasks of this process whose cancellation was asked for anywhere."""
        if self._runs:
            for task_id in await self._store.tasks.cancel_requests(self._owner):
                self._runs.stop(task_id)

    async def take_over(self) -> int:
        """Run what waits for room, and what a process that died had not ended; returns how many tasks that were."""
        with self._places(_MOST_AT_ONCE) as places:
            if not places:
                return 0
            # What lapsed while the store was away stays here, unless another process was faster.
            await self._renew()
            claimed = await self._store.tasks.claim(self._lease(), self._clock.now(), places)
            found = [record for record in claimed if record.task.id not in self._runs]
            await asyncio.gather(*(self._take(record) for record in found))
        self._waiting = max(0, self._waiting - len(claimed))
        return len(found)

    async def _take(self, record: TaskRecord) -> None:
        if record.cancel_requested:
            await self._put_away(record, End(Status.CANCELLED, CANCELLED_ON_REQUEST))
        elif record.attempts >= self._terms.max_runs:
            reason = f"given up: {record.attempts} processes died while they ran it"
            await self._put_away(record, End(Status.DEAD_LETTER, reason))
        else:
            await self._go_on(record)

    async def _put_away(self, record: TaskRecord, end: End) -> None:
        """End a task that nobody is to run (again)."""
        await self._runs.end(record.task.id, end)
        self._counts[f'tasks_ended_total{{status="{end.status}"}}'] += 1

    async def _go_on(self, record: TaskRecord) -> None:
        if record.attempts:
            logger.warning("task %s was left unfinished and goes on here", record.task.id)
        task_id, episode_id = record.task.id, record.episode_id or new_episode_id()
        fence, now = Fence(task_id, record.epoch), self._clock.now()
        marked = await self._store.tasks.mark_running(task_id, self._owner, episode_id, now, fence)
        # Who was too slow to say so finds that another process has claimed it, or that it has ended.
        if marked.epoch == record.epoch and not marked.status.ended:
            self._start(marked)

    def _lease(self) -> Lease:
        return Lease(self._owner, self._clock.now() + timedelta(seconds=self._terms.lease_s))

    async def aclose(self) -> None:
        """Wait until what runs has ended, and hand over what takes too long; leases are kept until then.

        What waits for somebody's decision is left to another process at once.
        """
        for keeper in self._keepers:
            if keeper.get_name() == "claims":
                keeper.cancel()
        self._approvals.stop()
        await self._runs.drained(self._terms.drain_s)
        await self._hand_over()
        await self._runs.abandon()
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    async def _hand_over(self) -> None:
        """Free what still runs here, and what was claimed and has not begun."""
        try:
            released = await self._store.tasks.release(self._owner)
        except StoreError as error:
            logger.warning("what runs here is left to others when its leases have run out: %s", error)
            return
        if released:
            logger.warning("%d tasks are handed over to others", released)
