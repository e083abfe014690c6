"""What policies that are tried are estimated to gain, for those who watch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from stigmergy.errors import RecordUnreadable, StoreUnavailable
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.clock import Clock
from stigmergy.platform.policies.evidence import Evidence, shadow_evidence
from stigmergy.platform.policy_records import Stage
from stigmergy.platform.ports import Store

logger = logging.getLogger(__name__)

_REST_S: Final = 15.0
_SHARE: Final = 0.05
"""Of the time at most, that goes into judging: it reads every episode that a policy looked on."""


class GainBoard:
    """The evidence on every shadow and canary, as it was when it was last judged.

    Judging is begun beside the path by whoever looks, so that a process whom nobody asks does nothing.
    """

    def __init__(self, store: Store, graphs: Mapping[str, AgentGraph], clock: Clock) -> None:
        self._store = store
        self._graphs = graphs
        self._clock = clock
        self._known: Mapping[str, Evidence] = {}
        self._not_before = 0.0
        self._judging: asyncio.Task[None] | None = None

    def known(self) -> Mapping[str, Evidence]:
        """Evidence by policy; what is old is judged anew for the next one who looks."""
        idle = self._judging is None or self._judging.done()
        if idle and self._clock.monotonic() >= self._not_before:
            self._judging = asyncio.create_task(self._judge(), name="gains")
        return self._known

    async def aclose(self) -> None:
        """Stop."""
        if self._judging is not None:
            self._judging.cancel()
            await asyncio.gather(self._judging, return_exceptions=True)

    async def judge(self) -> None:
        """Judge every shadow and canary now.

        Raises:
            StoreUnavailable, RecordUnreadable: the store cannot be read; what is known stays.
        """
        tried = [each for each in await self._store.policies.serving() if each.stage is not Stage.ACTIVE]
        self._known = {record.name: await shadow_evidence(self._store, self._graphs, record) for record in tried}

    async def _judge(self) -> None:
        began = self._clock.monotonic()
        try:
            await self.judge()
        except (StoreUnavailable, RecordUnreadable) as error:
            logger.warning("the gains of policies stay as they were: %s", error)
        except Exception:  # whatever is wrong with one record, it is to be tried again
            logger.exception("the gains of policies stay as they were")
        finally:
            now = self._clock.monotonic()
            self._not_before = now + max(_REST_S, (now - began) / _SHARE)
