"""The scripted failure that no exception can play: no answer at all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import NoReturn

from stigmergy.errors import AgentTimedOut


@dataclass(frozen=True, slots=True)
class Silence:
    """A line of a script: no answer, so that the call runs into its time limit."""

    async def keep(self, who: str, timeout_s: float) -> NoReturn:
        """Wait out the time limit, in seconds.

        Raises:
            AgentTimedOut: always, under the name ``who``.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            pass
        raise AgentTimedOut(who, f"no answer within {timeout_s:g} s")
