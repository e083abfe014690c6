"""A gateway's connection to the coordinator. The gateway serves on with its last snapshot while there is none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from stigmergy.deployments.translate_errors import AWAY
from stigmergy.platform.coordination import Report
from stigmergy.platform.reporting import Reporter

logger = logging.getLogger(__name__)

_CALL_TIMEOUT_S = 5.0
_POLL_TIMEOUT_S = 40.0
_PAUSE_S = 0.5


class CoordinatorLink:
    """Sends reports and keeps one long poll open. Both go on after any failure; neither is on the serving path."""

    def __init__(self, handle: Any, reporter: Reporter, report_s: float) -> None:
        self._handle = handle
        self._reporter = reporter
        self._report_s = report_s
        self._life = ""
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin, inside the running event loop."""
        self._loops = [asyncio.create_task(self._report()), asyncio.create_task(self._follow())]

    async def aclose(self) -> None:
        """Send what is left, once, and stop."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._reporter.report()
        try:
            await self._send(self._reporter.unkept())
        except AWAY as error:
            logger.warning("the last report did not reach the coordinator: %s", error)

    async def counts(self) -> Mapping[str, int]:
        """What all gateways have counted; while the coordinator is away, that it is."""
        try:
            async with asyncio.timeout(_CALL_TIMEOUT_S):
                return await self._handle.counts.remote()
        except AWAY:
            return {"coordinator_unreachable": 1}

    async def _report(self) -> None:
        waiting: tuple[Report, ...] = ()
        while True:
            await asyncio.sleep(self._report_s)
            fresh = self._reporter.report()
            waiting = waiting if fresh is None else (*waiting, fresh)
            if not waiting:
                continue
            try:
                await self._send(waiting)
                waiting = ()
            except AWAY as error:  # the coordinator may be down in any way; it will be back
                logger.warning("%d reports wait for the coordinator: %s", len(waiting), type(error).__name__)
                await asyncio.sleep(_PAUSE_S)

    async def _send(self, reports: tuple[Report, ...]) -> None:
        """Hand reports in, in order; a coordinator of a new life is told all that its checkpoint may lack."""
        async with asyncio.timeout(_CALL_TIMEOUT_S):
            life, kept = await self._handle.take.remote(self._life, reports)
            if life != self._life:
                self._life = life
                _, kept = await self._handle.take.remote(life, self._reporter.unkept())
        self._reporter.kept(kept)

    async def _follow(self) -> None:
        life, version = "", -1
        while True:
            try:
                async with asyncio.timeout(_POLL_TIMEOUT_S):
                    published = await self._handle.wait.remote(life, version)
                life, version = published.life, published.snapshot.version
                self._reporter.adopt(published.snapshot)
            except AWAY as error:
                logger.info("no word from the coordinator (%s); the last snapshot stays", type(error).__name__)
                await asyncio.sleep(_PAUSE_S)
