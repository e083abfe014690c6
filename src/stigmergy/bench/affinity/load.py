"""Requests put to a model when they are due, answered or not: an open loop, so that nobody waits for slow answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from stigmergy.agents.models.base import Completion, LanguageModel
from stigmergy.bench.affinity.probe import LATE_SHARE, Limit
from stigmergy.bench.affinity.workload import Arrival
from stigmergy.errors import AgentError

_GIVEN_UP_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that counts, how long its answer took from when it was due, and the answer; None where it failed.

    ``lag_s`` of it had passed before it was sent at all, because the machine had no time.
    """

    arrival: Arrival
    lag_s: float
    latency_s: float
    completion: Completion | None


@dataclass(slots=True)
class _Tally:
    limit: Limit
    most_late: float
    asked: list[Asked] = field(default_factory=list)
    late: int = 0

    def add(self, asked: Asked) -> None:
        if self.limit.counts(asked.arrival.at_s):
            self.asked.append(asked)
            self.late += asked.completion is None or asked.latency_s > self.limit.slo_s

    @property
    def lost(self) -> bool:
        return self.late > self.most_late


async def put(model: LanguageModel, arrivals: Iterable[Arrival], limit: Limit) -> Sequence[Asked]:
    """Ask, and wait for every answer; no more is asked once so many are late that the load is beyond the limit."""
    due = list(arrivals)
    tally = _Tally(limit, LATE_SHARE * sum(limit.counts(each.at_s) for each in due))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with asyncio.TaskGroup() as group:
        for arrival in due:
            await asyncio.sleep(begun + arrival.at_s - loop.time())
            if tally.lost:
                break
            group.create_task(_ask(model, arrival, begun + arrival.at_s, tally))
    return tally.asked


async def _ask(model: LanguageModel, arrival: Arrival, due_at: float, tally: _Tally) -> None:
    loop = asyncio.get_running_loop()
    lag_s = loop.time() - due_at
    completion: Completion | None = None
    with suppress(AgentError):
        completion = await model.complete(arrival.messages, 1, None, _GIVEN_UP_AFTER_S)
    tally.add(Asked(arrival, lag_s, loop.time() - due_at, completion))
