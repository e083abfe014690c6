"""What episodes add to the trails, in a form that replicas merge in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import add
from typing import Any, Final, Self, TypeAlias, TypeVar

from stigmergy.domain import AgentId, NodeId, TaskType
from stigmergy.graphs.footprints import Footprint, Footprints, FootprintTable, largest

Edge: TypeAlias = tuple[NodeId, NodeId]
"""(source, target)."""
Amounts: TypeAlias = Mapping[Edge, float]
EdgeTable: TypeAlias = Mapping[TaskType, Amounts]
AgentTable: TypeAlias = Mapping[AgentId, Mapping[TaskType, float]]

_K = TypeVar("_K")
_V = TypeVar("_V")
_W = TypeVar("_W")


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
        footprints: per task type and edge, the episodes with the largest deposits; of a union the largest are kept.
    """

    log_tau: EdgeTable = field(default_factory=dict)
    tau: EdgeTable = field(default_factory=dict)
    utility_sum: Mapping[TaskType, float] = field(default_factory=dict)
    utility_count: Mapping[TaskType, float] = field(default_factory=dict)
    successes: AgentTable = field(default_factory=dict)
    trials: AgentTable = field(default_factory=dict)
    episodes: int = 0
    footprints: FootprintTable = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-compatible values; edges are nested as type -> source -> target, so any node name is safe."""
        return {
            "log_tau": _nest(self.log_tau, _as_is),
            "tau": _nest(self.tau, _as_is),
            "utility_sum": dict(self.utility_sum),
            "utility_count": dict(self.utility_count),
            "successes": {agent: dict(row) for agent, row in self.successes.items()},
            "trials": {agent: dict(row) for agent, row in self.trials.items()},
            "episodes": self.episodes,
            "footprints": _nest(self.footprints, _pairs),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The delta that ``to_dict`` wrote; raises KeyError when a table is missing."""
        return cls(
            log_tau=_flatten(document["log_tau"], _as_is),
            tau=_flatten(document["tau"], _as_is),
            utility_sum=document["utility_sum"],
            utility_count=document["utility_count"],
            successes=document["successes"],
            trials=document["trials"],
            episodes=document["episodes"],
            # Checkpoints of before footprints were kept have none.
            footprints=_flatten(document.get("footprints", {}), _unpaired),
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
        footprints=_join(a.footprints, b.footprints, _largest),
    )


def _join(a: Mapping[_K, _V], b: Mapping[_K, _V], both: Callable[[_V, _V], _V]) -> Mapping[_K, _V]:
    if not (a and b):
        return a or b
    return {**a, **{key: both(a[key], value) if key in a else value for key, value in b.items()}}


def _added(a: Mapping[_K, float], b: Mapping[_K, float]) -> Mapping[_K, float]:
    return _join(a, b, add)


def _largest(a: Footprints, b: Footprints) -> Footprints:
    return _join(a, b, largest)


def _nest(
    table: Mapping[TaskType, Mapping[Edge, _V]], write: Callable[[_V], _W]
) -> dict[TaskType, dict[NodeId, dict[NodeId, _W]]]:
    nested: dict[TaskType, dict[NodeId, dict[NodeId, _W]]] = {}
    for task_type, row in table.items():
        by_source = nested.setdefault(task_type, {})
        for (source, target), value in row.items():
            by_source.setdefault(source, {})[target] = write(value)
    return nested


def _flatten(
    nested: Mapping[TaskType, Mapping[NodeId, Mapping[NodeId, _W]]], read: Callable[[_W], _V]
) -> dict[TaskType, dict[Edge, _V]]:
    return {
        task_type: {(source, target): read(value) for source, row in by_source.items() for target, value in row.items()}
        for task_type, by_source in nested.items()
    }


def _as_is(amount: float) -> float:
    return amount


def _pairs(left: tuple[Footprint, ...]) -> list[tuple[str, float]]:
    return [(each.episode, each.amount) for each in left]


def _unpaired(pairs: list[tuple[str, float]]) -> tuple[Footprint, ...]:
    return tuple(Footprint(episode, amount) for episode, amount in pairs)
