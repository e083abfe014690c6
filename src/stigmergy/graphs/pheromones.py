"""Trails: what the colony remembers of edges, task types and agents. Read often, replaced whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import exp, log
from typing import Any, Final, Self

from stigmergy.domain import AgentId, Mixture, TaskType
from stigmergy.graphs.footprints import faded
from stigmergy.graphs.trail_delta import EMPTY, Edge, EdgeTable, TrailDelta, merge

_GREATEST_EXPONENT: Final = 700.0
"""``exp`` overflows a little above; every reading is bounded far below."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """MAX-MIN bounds (Stützle and Hoos, 2000) between which trails are read: ``0 < low <= 1 <= high``."""

    low: float = 0.05
    high: float = 20.0


@dataclass(frozen=True, slots=True)
class Trails:
    """A frozen snapshot of everything deposited so far; an edge without a trail reads 1.

    ``version`` grows with every change, so that gateways can ask for something newer than they have. ``origin`` is the
    version of the artifact that they began from, empty where they began from nothing.
    """

    total: TrailDelta = field(default=EMPTY)
    version: int = 0
    origin: str = ""

    def tau(self, edge: Edge, mixture: Mixture, bounds: Bounds) -> float:
        """The trail on an edge for a query: ``sum_t w_t x clip(exp(log_tau_t) + tau_t, low, high)``."""
        logs, amounts, low, high = self.total.log_tau, self.total.tau, bounds.low, bounds.high
        trail = 0.0
        for task_type, share in mixture.items():
            row = logs.get(task_type)
            here = 1.0 if row is None else exp(min(row.get(edge, 0.0), _GREATEST_EXPONENT))
            if amounts and (row := amounts.get(task_type)) is not None:
                here += row.get(edge, 0.0)
            trail += share * min(high, max(low, here))
        return trail

    def mean_utility(self, task_type: TaskType, unseen: float = 0.0) -> float:
        """The running mean ``m_t`` of utility, or ``unseen`` while no episode of this type has been learnt from."""
        count = self.total.utility_count.get(task_type, 0.0)
        return self.total.utility_sum[task_type] / count if count > 0.0 else unseen

    def ability(self, agent: AgentId, task_type: TaskType, prior: float, strength: float) -> float:
        """Shrunken success ``(successes + strength x prior) / (trials + strength)`` of an agent's steps, in [0, 1].

        ``strength`` > 0 is the number of steps that the prior counts for.
        """
        trials = self.total.trials.get(agent, {}).get(task_type, 0.0)
        successes = self.total.successes.get(agent, {}).get(task_type, 0.0)
        return (successes + strength * prior) / (trials + strength)

    def apply(self, delta: TrailDelta) -> Trails:
        """The trails with a delta added."""
        return self._with(merge(self.total, delta))

    def evaporate(self, rho: float) -> Trails:
        """One tick of evaporation: every trail shrinks towards the reading 1 by the share ``rho`` in [0, 1].

        ``log tau <- (1 - rho) log tau`` and ``tau <- (1 - rho) tau``, and footprints with them. Abilities do not
        evaporate, and utilities do by ``forget_utilities``.
        """
        weaker = self._changed(lambda value: (1.0 - rho) * value, lambda value: (1.0 - rho) * value)
        return replace(weaker, total=replace(weaker.total, footprints=faded(self.total.footprints, rho)))

    def forget_utilities(self, share: float) -> Trails:
        """Let the running mean utilities follow the present: their weight so far shrinks by ``share`` in [0, 1].

        Belongs to the tick. A mean over all time lags behind a colony that improves, and then flatters whatever is
        walked most.
        """
        sums, counts = (
            {task_type: (1.0 - share) * value for task_type, value in table.items()}
            for table in (self.total.utility_sum, self.total.utility_count)
        )
        return self._with(replace(self.total, utility_sum=sums, utility_count=counts))

    def clamp(self, bounds: Bounds) -> Trails:
        """Pull stored trails back to the bounds, so that one far beyond can turn soon.

        Belongs to the tick, beside evaporation: clamping each deposit would make the order of deposits matter.
        """
        least, most = log(bounds.low), log(bounds.high)
        return self._changed(
            lambda value: min(most, max(least, value)), lambda value: min(bounds.high - 1.0, max(0.0, value))
        )

    def _changed(self, log_tau: Callable[[float], float], tau: Callable[[float], float]) -> Trails:
        return self._with(
            replace(self.total, log_tau=_each(self.total.log_tau, log_tau), tau=_each(self.total.tau, tau))
        )

    def _with(self, total: TrailDelta) -> Trails:
        return replace(self, total=total, version=self.version + 1)

    def to_dict(self) -> dict[str, Any]:
        """JSON-compatible values for a checkpoint."""
        return {"version": self.version, "total": self.total.to_dict(), "origin": self.origin}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The trails that ``to_dict`` wrote; raises KeyError when something is missing."""
        return cls(TrailDelta.from_dict(document["total"]), document["version"], document.get("origin", ""))


NO_TRAILS: Final = Trails()


def _each(table: EdgeTable, change: Callable[[float], float]) -> EdgeTable:
    return {task_type: {edge: change(value) for edge, value in row.items()} for task_type, row in table.items()}
