"""What a finished episode leaves on the trails: the published rule and ours, behind one protocol."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from stigmergy.domain import AgentId, EpisodeId, Mixture, TaskType
from stigmergy.graphs.footprints import LEAST_SHARE, Footprint, FootprintTable
from stigmergy.graphs.pheromones import Trails
from stigmergy.graphs.trail_delta import AgentTable, Edge, EdgeTable, TrailDelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What a deposit rule sees of a finished, judged episode.

    Attributes:
        edges: the hops to deposit on, as (source, node); hops that a repair forced are left out by the caller.
        judgements: per step the agent and its judgement in [0, 1]; None where nobody judged it: the episode's quality
            counts for it.
        mixture: the query's weights of task types.
        quality: of the episode, in [0, 1].
        cost: ``(cost - C_cheapest) / (C_dearest - C_cheapest)`` of the graph: 0 at the cheapest
            route, 1 at the dearest.
        latency_s: of the episode, in seconds.
        weight: how many episodes this one stands for, ``1 / P(it was judged)``.
        episode: which one it was; without a name it leaves no footprints.
    """

    edges: tuple[Edge, ...]
    judgements: tuple[tuple[AgentId, float | None], ...]
    mixture: Mixture
    quality: float
    cost: float
    latency_s: float = 0.0
    weight: float = 1.0
    episode: EpisodeId = ""

    def shares(self) -> Mapping[TaskType, float]:
        """What the episode counts for each task type in its mixture, ``weight x w_t``."""
        return {task_type: self.weight * share for task_type, share in self.mixture.items() if share > 0.0}


class DepositRule(Protocol):
    """Turns one episode into a delta."""

    def deposit(self, trails: Trails, walk: Walk, /) -> TrailDelta:
        """What ``walk`` adds to the trails, given those known so far; ``trails`` itself is not changed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvantageRule:
    """Deposits what an episode was better than usual for its task type (METHODS M4).

    ::

        u          = quality - cost_weight x cost, and at most 0 when quality < least_quality
        log tau_t += w_t x step_size x (u - m_t)     on each edge walked, m_t the running mean of u

    ``cost_weight`` (lambda) is chosen on learning episodes. The first episode of a type only founds its mean. Behind
    the gate, below ``least_quality``, no deposit is positive: where nearly all episodes of a type go wrong, the mean is
    below 0, and a cheap failure would stand out from it.
    """

    cost_weight: float = 0.3
    step_size: float = 0.1
    least_quality: float = 0.5

    def utility(self, walk: Walk) -> float:
        """Quality less weighted cost; a wrong answer never earns a cheapness bonus."""
        utility = walk.quality - self.cost_weight * walk.cost
        return utility if walk.quality >= self.least_quality else min(utility, 0.0)

    def deposit(self, trails: Trails, walk: Walk, /) -> TrailDelta:
        """See ``DepositRule``."""
        utility, shares = self.utility(walk), walk.shares()
        most = math.inf if walk.quality >= self.least_quality else 0.0
        gain = {
            task_type: share * self.step_size * min(most, utility - trails.mean_utility(task_type, unseen=utility))
            for task_type, share in shares.items()
        }
        return _delta(walk, utility, log_tau=_along(walk.edges, gain))


@dataclass(frozen=True, slots=True, kw_only=True)
class AmroRule:
    """The published rule of AMRO-S, ``tau_t <- (1 - rho) tau_t + w_t Q / (f_sys + e)``, behind its quality gate.

    ``f_sys = max(0, cost) + latency_weight x latency_s`` is what the episode took from the system. The deposit is a
    sum and the factor ``1 - rho`` belongs to the tick (``Trails.evaporate``), so that deltas commute. It optimises
    success per dollar and so drifts to cheap paths: it is here to be compared with.
    """

    latency_weight: float = 0.1
    """Per second."""
    epsilon: float = 0.1
    least_quality: float = 0.5

    def deposit(self, _trails: Trails, walk: Walk, /) -> TrailDelta:
        """See ``DepositRule``."""
        if walk.quality < self.least_quality:
            return _delta(walk, walk.quality)
        burden = max(0.0, walk.cost) + self.latency_weight * walk.latency_s
        earned = walk.quality / (burden + self.epsilon)
        gain = {task_type: share * earned for task_type, share in walk.shares().items()}
        return _delta(walk, walk.quality, tau=_along(walk.edges, gain))


def _along(edges: tuple[Edge, ...], gain: Mapping[TaskType, float]) -> EdgeTable:
    return {task_type: dict.fromkeys(edges, amount) for task_type, amount in gain.items()}


def _delta(walk: Walk, utility: float, log_tau: EdgeTable | None = None, tau: EdgeTable | None = None) -> TrailDelta:
    shares = walk.shares()
    trials, successes = _credit(walk, shares)
    return TrailDelta(
        log_tau=log_tau or {},
        tau=tau or {},
        utility_sum={task_type: share * utility for task_type, share in shares.items()},
        utility_count=shares,
        successes=successes,
        trials=trials,
        episodes=1,
        footprints=_footprints(walk, log_tau or tau or {}),
    )


def _footprints(walk: Walk, deposits: EdgeTable) -> FootprintTable:
    if not walk.episode:
        return {}
    return {
        task_type: {edge: (Footprint(walk.episode, amount),) for edge, amount in row.items()}
        for task_type, row in deposits.items()
        if walk.mixture[task_type] >= LEAST_SHARE
    }


def _credit(walk: Walk, shares: Mapping[TaskType, float]) -> tuple[AgentTable, AgentTable]:
    """Trials and successes of the agents' steps, per task type."""
    trials: dict[AgentId, dict[TaskType, float]] = {}
    successes: dict[AgentId, dict[TaskType, float]] = {}
    for agent, judgement in walk.judgements:
        done = walk.quality if judgement is None else judgement
        tried, succeeded = trials.setdefault(agent, {}), successes.setdefault(agent, {})
        for task_type, share in shares.items():
            tried[task_type] = tried.get(task_type, 0.0) + share
            succeeded[task_type] = succeeded.get(task_type, 0.0) + share * done
    return trials, successes
