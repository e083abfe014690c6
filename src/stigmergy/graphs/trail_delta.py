"""What episodes add to the trails, in a form that replicas merge in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import add
from typing import Any, Final, Self, TypeAlias, TypeVar

from stigmergy.domain import AgentId, NodeId, TaskType

Edge: TypeAlias = tuple[NodeId, NodeId]
"""(source, target)."""
Amounts: TypeAlias = Mapping[Edge, float]
EdgeTable: TypeAlias = Mapping[TaskType, Amounts]
AgentTable: TypeAlias = Mapping[AgentId, Mapping[TaskType, float]]

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailDelta:
    """Sums over episodes. Everything in it adds, so deltas merge in any order and grouping (METHODS M4).

    Attributes:
        log_tau: what is added to the logarithm of the trail on an edge, per task type.
        tau: what is added to the trail itself, per task type; the published rule deposits here.
        utility_sum: per task type, the sum of share x utility of the episodes.
        utility_count: per task type, the sum of share; a share is an episode's weight in the mixture.
        successes: per agent and task type, the sum of share x judgement of the agent's steps.
        trials: per agent and task type, the sum of share.
        episodes: how many episodes these are.
    """

    log_tau: EdgeTable = field(default_factory=dict)
    tau: EdgeTable = field(default_factory=dict)
    utility_sum: Mapping[TaskType, float] = field(default_factory=dict)
    utility_count: Mapping[TaskType, float] = field(default_factory=dict)
    successes: AgentTable = field(default_factory=dict)
    trials: AgentTable = field(default_factory=dict)
    episodes: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-compatible values; edges are nested as type -> source -> target, so any node name is safe."""
        return {
            "log_tau": _nest(self.log_tau),
            "tau": _nest(self.tau),
            "utility_sum": dict(self.utility_sum),
            "utility_count": dict(self.utility_count),
            "successes": {agent: dict(row) for agent, row in self.successes.items()},
            "trials": {agent: dict(row) for agent, row in self.trials.items()},
            "episodes": self.episodes,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The delta that ``to_dict`` wrote; raises KeyError when a table is missing."""
        return cls(
            log_tau=_flatten(document["log_tau"]),
            tau=_flatten(document["tau"]),
            utility_sum=document["utility_sum"],
            utility_count=document["utility_count"],
            successes=document["successes"],
            trials=document["trials"],
            episodes=document["episodes"],
        )


EMPTY: Final = TrailDelta()
"""The identity of ``merge``."""


def merge(a: TrailDelta, b: TrailDelta) -> TrailDelta:
    """Both deltas in one. Commutative; associative up to rounding; ``EMPTY`` is its identity.

    Costs what ``b`` touches plus one shallow copy of each touched row of ``a``; untouched rows are shared.
    """
    return TrailDelta(
        log_tau=_join(a.log_tau, b.log_tau, _added),
        tau=_join(a.tau, b.tau, _added),
        utility_sum=_added(a.utility_sum, b.utility_sum),
        utility_count=_added(a.utility_count, b.utility_count),
        successes=_join(a.successes, b.successes, _added),
        trials=_join(a.trials, b.trials, _added),
        episodes=a.episodes + b.episodes,
    )


def _join(a: Mapping[_K, _V], b: Mapping[_K, _V], both: Callable[[_V, _V], _V]) -> Mapping[_K, _V]:
    if not (a and b):
        return a or b
    return {**a, **{key: both(a[key], value) if key in a else value for key, value in b.items()}}


def _added(a: Mapping[_K, float], b: Mapping[_K, float]) -> Mapping[_K, float]:
    return _join(a, b, add)


def _nest(table: EdgeTable) -> dict[TaskType, dict[NodeId, dict[NodeId, float]]]:
    nested: dict[TaskType, dict[NodeId, dict[NodeId, float]]] = {}
    for task_type, row in table.items():
        by_source = nested.setdefault(task_type, {})
        for (source, target), amount in row.items():
            by_source.setdefault(source, {})[target] = amount
    return nested


def _flatten(nested: Mapping[TaskType, Mapping[NodeId, Mapping[NodeId, float]]]) -> EdgeTable:
    return {
        task_type: {(source, target): amount for source, row in by_source.items() for target, amount in row.items()}
        for task_type, by_source in nested.items()
    }
