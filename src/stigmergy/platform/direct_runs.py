"""Tasks that somebody waits for and no row stands for: run at once, stored whole when they have ended, and learnt from.

Nothing of them is written on the serving path. What a crash takes with it: decision 0013.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from stigmergy.agents.base import Listener
from stigmergy.domain import Task
from stigmergy.platform.backlog import Backlog, stored
from stigmergy.platform.engine import (
    NOBODY,
    Engine,
    Ran,
    Recorded,
    Recorder,
    RunCancelled,
    Unrecorded,
    new_direct_id,
)
from stigmergy.platform.ports import Store
from stigmergy.platform.task_journal import closing_of

logger = logging.getLogger(__name__)

_GATHER_S = 0.05
"""A transaction for every run would hold the next one up: the store's thread needs the interpreter, too."""
_AT_ONCE = 64
"""Writing so many down holds the event loop up for a few milliseconds."""


class Watched:
    """A recorder that keeps nothing, and tells somebody what happens as it happens."""

    def __init__(self, tell: Callable[[Recorded], None]) -> None:
        self._tell = tell

    async def keep(self, fresh: Sequence[Recorded]) -> None:
        """See ``engine.Recorder``."""
        for each in fresh:
            self._tell(each)


class DirectRuns:
    """Runs tasks for callers that wait. Who goes away cancels the run: the call in flight is charged its worst case."""

    def __init__(self, engine: Engine, store: Store, deliver: Callable[[Ran], None]) -> None:
        """``deliver`` takes every run that is stored."""
        self._engine = engine
        self._store = store
        self._deliver = deliver
        self._backlog: Backlog[Ran] = Backlog("direct runs", self._keep, _GATHER_S)
        self.in_flight = 0
        self.dropped = 0

    def start(self) -> None:
        """Begin to store; call inside the event loop."""
        self._backlog.start()

    async def run(self, task: Task, listener: Listener | None = None, recorder: Recorder | None = None) -> Ran:
        """The finished run; its episode is stored soon after. Nobody can be asked for an approval.

        Raises:
            UnknownGraph, UnknownRouter, BudgetTooSmall: as ``Engine.check``; nothing was spent.
            asyncio.CancelledError: the caller went away; what the run had come to is stored all the same.
        """
        self.in_flight += 1
        try:
            ran = await self._engine.run(
                task, new_direct_id(), recorder or Unrecorded(), listener=listener, approvals=NOBODY
            )
        except RunCancelled as cancelled:
            self._take(cancelled.ran)
            raise
        finally:
            self.in_flight -= 1
        self._take(ran)
        return ran

    async def drain(self) -> None:
        """Wait until every run that ended so far is stored and delivered."""
        await self._backlog.drain()

    async def aclose(self) -> None:
        """Store what has ended."""
        await self._backlog.aclose()

    def _take(self, ran: Ran) -> None:
        if not self._backlog.take(ran):
            self._drop(ran, "too many wait for the store")

    async def _keep(self, batch: Sequence[Ran]) -> None:
        for first in range(0, len(batch), _AT_ONCE):
            part = batch[first : first + _AT_ONCE]
            for ran in part if await self._kept_together(part) else await self._kept_apart(part):
                self._deliver(ran)

    async def _kept_together(self, runs: Sequence[Ran]) -> bool:
        """Whether all could be stored at once, which costs a fraction of storing each."""
        try:
            await self._store.episodes.add_many([closing_of(ran) for ran in runs])
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one of them is told when it is stored alone
            logger.info("%d episodes are stored one by one: %s", len(runs), error)
            return False
        return True

    async def _kept_apart(self, runs: Sequence[Ran]) -> list[Ran]:
        """Those that could be stored; a store that is away is waited for."""
        refused: list[str] = []

        def drop(ran: Ran, error: BaseException) -> None:
            refused.append(ran.episode.id)
            self._drop(ran, error)

        await stored(runs, self._store_one, drop)
        return [ran for ran in runs if ran.episode.id not in refused]

    async def _store_one(self, ran: Ran) -> None:
        await self._store.episodes.add(closing_of(ran))

    def _drop(self, ran: Ran, reason: object) -> None:
        self.dropped += 1
        logger.error("the record of episode %s is lost (%d so far): %s", ran.episode.id, self.dropped, reason)
