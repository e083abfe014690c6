"""The coordinator: one replica that holds the authoritative trails and health, and publishes snapshots."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stigmergy.errors import StoreError
from stigmergy.platform.coordination import Coordination, Report, Snapshot
from stigmergy.platform.health import HealthBoard
from stigmergy.platform.runtime import meet_graphs, trail_sharers
from stigmergy.platform.settings import Settings
from stigmergy.platform.store.open import open_store
from stigmergy.routers.catalog import build_routers

logger = logging.getLogger(__name__)

_CHECKPOINT = "coordination"
_LONGEST_WAIT_S = 30.0
_PURGE_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Published:
    """A snapshot, and the life of the coordinator that made it: versions of different lives do not compare."""

    life: str
    snapshot: Snapshot


class Coordinator:
    """Takes reports, answers long polls, ticks, checkpoints. Every loop of it survives a store that is away."""

    def __init__(self, settings: Settings) -> None:
        routers = build_routers(settings.routers)
        meet_graphs(routers, settings.build_graphs())
        health = HealthBoard(settings.agents, settings.breakers, time.monotonic)
        self._settings = settings
        self._coordination = Coordination(
            health,
            {router.colony: router for router in trail_sharers(routers)},
            settings.coordination.tick_episodes,
        )
        self._store = open_store(settings.store.url, settings.store.durability)
        self._life = uuid.uuid4().hex
        self._moved = asyncio.Condition()
        self._saved = ""
        self._saves = 0
        self._kept: Mapping[str, int] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._ready = asyncio.Lock()

    async def take(self, life: str, reports: Sequence[Report]) -> tuple[str, int]:
        """Add reports in, if they are meant for this life; returns it, and up to which report a checkpoint holds."""
        await self._start()
        if life != self._life:
            return self._life, -1
        for report in reports:
            self._coordination.take(report)
        await self._announce()
        return self._life, max((self._kept.get(report.gateway, -1) for report in reports), default=-1)

    async def wait(self, life: str, version: int) -> Published:
        """The snapshot as soon as it is newer than ``version`` of ``life``; after 30 s as it is."""
        await self._start()
        async with self._moved:
            try:
                async with asyncio.timeout(_LONGEST_WAIT_S):
                    await self._moved.wait_for(
                        lambda: life != self._life or self._coordination.snapshot().version != version
                    )
            except TimeoutError:
                logger.debug("nothing new within %g s", _LONGEST_WAIT_S)
        return Published(self._life, self._coordination.snapshot())

    async def counts(self) -> Mapping[str, int]:
        """What all gateways have counted since the store was made."""
        await self._start()
        return dict(self._coordination.counts)

    async def __del__(self) -> None:
        """Serve awaits this when it stops the replica: what is known is kept."""
        for loop in self._loops:
            loop.cancel()
        if self._loops:
            await self._checkpoint()
        await self._store.aclose()

    async def _start(self) -> None:
        """Restore the last checkpoint and start the loops, once, in the loop that serves requests."""
        async with self._ready:
            if self._loops:
                return
            stored = await self._store.trails.load(_CHECKPOINT)
            if stored is not None:
                self._saves, self._saved = stored
                self._coordination.restore(self._saved)
            rhythm = self._settings.coordination
            self._loops = [
                asyncio.create_task(self._every(rhythm.checkpoint_s, self._checkpoint)),
                asyncio.create_task(self._every(_PURGE_EVERY_S, self._purge)),
            ]

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except StoreError as error:
                logger.warning("the coordinator goes on without its store: %s", error)

    async def _checkpoint(self) -> None:
        # Breakers open and close by time alone, so waiting gateways are told here, too.
        await self._announce()
        checkpoint = self._coordination.checkpoint()
        if checkpoint.document == self._saved:
            return
        await self._store.trails.save(_CHECKPOINT, self._saves + 1, checkpoint.document)
        self._saves, self._saved, self._kept = self._saves + 1, checkpoint.document, checkpoint.taken

    async def _purge(self) -> None:
        days = self._settings.store.retention_days
        if days is not None:
            count = await self._store.purge(datetime.now(UTC) - timedelta(days=days))
            logger.info("retention: %d rows older than %g days deleted", count, days)

    async def _announce(self) -> None:
        async with self._moved:
            self._moved.notify_all()
