"""Work that is taken at once and done in the background, in batches, whatever the store does meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from stigmergy.errors import StoreUnavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")

MOST_WAITING = 20_000


class Backlog(Generic[T]):
    """Items in the order they came; ``work`` gets all that wait, as one batch, whenever it is done with the last."""

    def __init__(self, name: str, work: Callable[[Sequence[T]], Awaitable[None]], gather_s: float = 0.0) -> None:
        """``gather_s``: how long the first of a batch waits for others, so that they share what a batch costs."""
        self._gather_s = gather_s
        self._name = name
        self._work = work
        self._waiting: list[T] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work; call inside the event loop."""
        self._worker = asyncio.create_task(self._run(), name=self._name)

    def take(self, item: T) -> bool:
        """Queue an item and never wait; False where 20,000 wait already, so that the process does not die of them."""
        if len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append(item)
        self._idle.clear()
        self._wake.set()
        return True

    async def drain(self) -> None:
        """Wait until everything taken so far is done."""
        await self._idle.wait()

    async def aclose(self) -> None:
        """Work off what waits, then stop."""
        if self._worker is not None:
            await self.drain()
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(self._gather_s)
            self._wake.clear()
            batch, self._waiting = self._waiting, []
            await self._work(batch)
            if not self._waiting:
                self._idle.set()


async def stored(
    items: Sequence[T],
    store: Callable[[T], Awaitable[None]],
    refused: Callable[[T, BaseException], None],
    retry_s: float = 0.5,
) -> None:
    """Store every item; while the store is away, try again. What it refuses for good is handed to ``refused``."""
    pending = list(items)
    while pending:
        # One gather, one group commit: the store's writer takes all that wait into one transaction.
        results = await asyncio.gather(*map(store, pending), return_exceptions=True)
        found = list(zip(pending, results, strict=True))
        for item, error in found:
            if isinstance(error, BaseException) and not isinstance(error, StoreUnavailable):
                refused(item, error)
        pending = [item for item, error in found if isinstance(error, StoreUnavailable)]
        if pending:
            logger.warning("%d records wait for the store", len(pending))
            await asyncio.sleep(retry_s)
