"""Looks at the artifacts beside the serving path."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from stigmergy.platform.snapshots.snapshot import ArtifactSnapshot

logger = logging.getLogger(__name__)


class ArtifactWatch:
    """Swaps in what has changed, every ``reload_s`` seconds. Loading runs in a thread, swapping between two hops."""

    def __init__(self, snapshots: Mapping[str, ArtifactSnapshot[Any]], reload_s: float) -> None:
        """``snapshots`` by their entry in the configuration."""
        self.snapshots = snapshots
        self._reload_s = reload_s
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin in the running event loop; where nothing was trained there is nothing to look at."""
        if self.snapshots:
            self._loop = asyncio.create_task(self._watch(), name="artifacts")

    async def aclose(self) -> None:
        """Stop; what serves stays as it is."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)

    async def look(self) -> None:
        """Look at all artifacts once."""
        for snapshot in self.snapshots.values():
            try:
                fresh = await asyncio.to_thread(snapshot.fresh)
            except Exception:  # whatever a file makes a loader do, what serves goes on
                logger.exception("%s could not be looked at", snapshot.path)
                continue
            if fresh is not None:
                snapshot.swap(fresh)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._reload_s)
            await self.look()
