"""The connections of one upstream: how many there are, how long they live, and how long a call waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import isfinite

from stigmergy.agents.deployment_config import require
from stigmergy.errors import AgentOverloaded


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolConfig:
    """The pool of one model in one process; all of it goes to one host. Times are seconds.

    A call without a free connection waits for ``queue_wait_s``, then it is AgentOverloaded. ``connect_timeout_s``
    limits how long a new connection takes, ``read_timeout_s`` how long nothing comes, ``total_timeout_s`` the whole
    answer; where the last two are left out, the time limit of the agent holds alone. An idle connection is closed
    after ``keep_alive_s``.
    """

    max_connections: int = 1000
    keep_alive_s: float = 15.0
    connect_timeout_s: float = 10.0
    read_timeout_s: float | None = None
    total_timeout_s: float | None = None
    queue_wait_s: float = 5.0

    def __post_init__(self) -> None:
        require(self.max_connections >= 1, "pool.max_connections", self.max_connections, "at least 1")
        for name in ("keep_alive_s", "connect_timeout_s", "read_timeout_s", "total_timeout_s"):
            value = getattr(self, name)
            require(value is None or (isfinite(value) and value > 0), f"pool.{name}", value, "a finite number above 0")
        wait = self.queue_wait_s
        require(isfinite(wait) and wait >= 0, "pool.queue_wait_s", wait, "a finite number of at least 0")

    def silence_s(self, agent_limit_s: float) -> float:
        """How long nothing may come of a call whose agent has this much time."""
        return agent_limit_s if self.read_timeout_s is None else min(self.read_timeout_s, agent_limit_s)


class Places:
    """The connections of a pool as places that calls take, first come, first served."""

    def __init__(self, model: str, config: PoolConfig) -> None:
        self._model, self._config = model, config
        self._free = asyncio.Semaphore(config.max_connections)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A place for as long as the block lasts.

        Raises:
            AgentOverloaded: none became free in time.
        """
        await self._take()
        try:
            yield
        finally:
            self._free.release()

    async def _take(self) -> None:
        # Whoever need not wait needs no timer, either.
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(self._config.queue_wait_s):
                await self._free.acquire()
        except TimeoutError:
            taken, waited = self._config.max_connections, self._config.queue_wait_s
            reason = f"all {taken} connections were taken, and none became free within {waited:g} s"
            raise AgentOverloaded(self._model, reason) from None
