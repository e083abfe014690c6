"""Holds canaries to their bars, in every gateway: who sees a broken one first rolls it back."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from stigmergy.errors import PolicyMoved, StoreUnavailable
from stigmergy.platform.clock import Clock
from stigmergy.platform.policies.bars import broken_bar
from stigmergy.platform.policies.canary_log import CanaryLog
from stigmergy.platform.policies.evidence import is_base
from stigmergy.platform.policy_records import Move, PolicyRecord, Stage
from stigmergy.platform.ports import Store

logger = logging.getLogger(__name__)

LOOK_S: Final = 1.0


class CanaryWatch:
    """Looks at every canary once a second, beside the serving path."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._logs: dict[str, CanaryLog] = {}
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin in the running event loop."""
        self._loop = asyncio.create_task(self._watch(), name="canaries")

    async def aclose(self) -> None:
        """Stop."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)

    async def look(self) -> None:
        """Look at all canaries once.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        canaries = [each for each in await self._store.policies.serving() if each.stage is Stage.CANARY]
        self._logs = {canary.name: self._log(canary) for canary in canaries}
        for log in self._logs.values():
            await log.read()
            registered = await self._store.policies.list(log.canary.policy.router)
            canary = log.tally(lambda policy, name=log.canary.name: policy == name)  # type: ignore[misc]
            broken = broken_bar(canary, log.tally(is_base(log.canary, registered)), len(log.violations))
            if broken is not None:
                await self._roll_back(log.canary, broken)

    def _log(self, canary: PolicyRecord) -> CanaryLog:
        known = self._logs.get(canary.name)
        same = known is not None and known.canary == canary
        return known if known is not None and same else CanaryLog(self._store, canary)

    async def _roll_back(self, canary: PolicyRecord, broken: str) -> None:
        move = Move(seen=Stage.CANARY, to=Stage.RETIRED, reason=f"rolled back by itself: {broken}")
        try:
            await self._store.policies.move(canary.policy.router, canary.version, move, self._clock.now())
        except PolicyMoved:
            return  # another gateway saw it first
        logger.error("canary %s is rolled back: %s", canary.name, broken)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except StoreUnavailable as error:
                logger.warning("canaries cannot be looked at: %s", error)
            except Exception:  # whatever is wrong with one record, canaries are to be looked at again
                logger.exception("canaries could not be looked at")
