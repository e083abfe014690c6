"""The decisions that the runs of this process wait for, wherever they are given."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping
from dataclasses import dataclass
from weakref import WeakValueDictionary

from stigmergy.domain import TaskId
from stigmergy.errors import StoreUnavailable
from stigmergy.platform.clock import Clock
from stigmergy.platform.engine import RunSuspended
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Decision, Question, TaskRecord

logger = logging.getLogger(__name__)

_TRY_AGAIN_S = 0.2


@dataclass(frozen=True, slots=True)
class _Open:
    """A question, and where its decision will be; None: nobody waits here any more."""

    question: Question
    answer: asyncio.Future[Decision | None]


class Approvals:
    """Asks by writing into a task's row, where every process can see the question and decide. As ``owner``.

    The branches of a task ask one after another. Implements ``engine.Approvals``.
    """

    def __init__(self, store: Store, clock: Clock, owner: str) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self._open: dict[TaskId, _Open] = {}
        self._turns: MutableMapping[TaskId, asyncio.Lock] = WeakValueDictionary()
        self._asked: MutableMapping[TaskId, asyncio.Future[None]] = WeakValueDictionary()
        self._stopped = False

    async def decision(self, task_id: TaskId, question: Question) -> Decision:
        """See ``engine.Approvals``."""
        turn = self._turns.setdefault(task_id, asyncio.Lock())
        async with turn:
            try:
                decision = await self._answer(task_id, question)
            except asyncio.CancelledError:
                # A branch that is not needed any more asks no more; its task may go on.
                await self._close(task_id)
                raise
            await self._close(task_id)
            return decision

    def asked(self, task_id: TaskId) -> asyncio.Future[None]:
        """Done as soon as the task waits for a decision here."""
        asked = self._asked.setdefault(task_id, asyncio.get_running_loop().create_future())
        if task_id in self._open and not asked.done():
            asked.set_result(None)
        return asked

    def tell(self, record: TaskRecord) -> None:
        """Hand a decision to the run that waits for it, if it waits here."""
        waiting, decision = self._open.get(record.task.id), record.decision
        if waiting is None or decision is None or waiting.answer.done():
            return
        if waiting.question.place == decision.place:
            waiting.answer.set_result(decision)

    async def heed(self) -> None:
        """Take in what was decided elsewhere."""
        if self._open:
            for record in await self._store.approvals.decided(self._owner):
                self.tell(record)

    async def forsake(self) -> None:
        """Let go the runs that wait here with a task that another process has taken over: they would never hear."""
        for task_id, waiting in tuple(self._open.items()):
            record = await self._store.tasks.get(task_id)
            lost = record.owner != self._owner or record.status.ended
            if lost and not waiting.answer.done():
                waiting.answer.set_result(None)

    def stop(self) -> None:
        """Let go every run that waits, and from here on every one that would: this process ends."""
        self._stopped = True
        for waiting in self._open.values():
            if not waiting.answer.done():
                waiting.answer.set_result(None)

    async def let_go(self, task_id: TaskId) -> TaskRecord:
        """Leave a task whose run was let go to whoever claims it."""
        return await self._store.approvals.let_go(task_id, self._owner, self._clock.now())

    async def _answer(self, task_id: TaskId, question: Question) -> Decision:
        """Raises RunSuspended where the task is not ours any more, and when this process ends."""
        answer: asyncio.Future[Decision | None] = asyncio.get_running_loop().create_future()
        # Before the question can be seen, so that no decision comes too early.
        self._open[task_id] = _Open(question, answer)
        try:
            record = await self._ask(task_id, question)
            if record.owner != self._owner or record.question != question:
                raise RunSuspended
            self._announce(task_id)
            decision = record.decision
            if decision is None and not self._stopped:
                decision = await answer
            if decision is None:
                raise RunSuspended
            return decision
        finally:
            del self._open[task_id]

    async def _ask(self, task_id: TaskId, question: Question) -> TaskRecord:
        """Store the question; while the store is away, try again: nobody else could see it."""
        while True:
            try:
                return await self._store.approvals.ask(task_id, self._owner, question, self._clock.now())
            except StoreUnavailable as error:
                logger.warning("a question of task %s waits for the store: %s", task_id, error)
                await asyncio.sleep(_TRY_AGAIN_S)

    def _announce(self, task_id: TaskId) -> None:
        asked = self._asked.pop(task_id, None)
        if asked is not None and not asked.done():
            asked.set_result(None)

    async def _close(self, task_id: TaskId) -> None:
        try:
            await self._store.approvals.close(task_id, self._owner, self._clock.now())
        except StoreUnavailable as error:
            # The row says less than it could until the task ends, which is no reason to hold the task up.
            logger.warning("task %s goes on, and the store does not know: %s", task_id, error)
