"""What a colony has learnt, in a form that a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nsmallest

from stigmergy.domain import AgentId, NodeId, TaskType
from stigmergy.graphs.footprints import Footprint
from stigmergy.graphs.pheromones import Bounds, Trails
from stigmergy.routers.trail_readings import ReadingRules

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class TrailReading:
    """The trail on one edge for a task type, and the largest deposits in it; 1 is neither good nor bad."""

    source: NodeId
    node: NodeId
    trail: float
    footprints: tuple[Footprint, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeReport:
    """One task type: judged episodes (weighted), their mean utility, trails, strongest first, agents' abilities."""

    episodes: float
    mean_utility: float
    trails: tuple[TrailReading, ...]
    abilities: Mapping[AgentId, float]


@dataclass(frozen=True, slots=True)
class ColonyReport:
    """Everything of one colony. ``origin`` is the artifact that it began from, if any."""

    colony: str
    version: int
    origin: str
    episodes: int
    types: Mapping[TaskType, TypeReport]

    def __str__(self) -> str:
        begun = f", begun from {self.origin}" if self.origin else ""
        lines = [f"colony {self.colony!r}, version {self.version}, {self.episodes} episodes{begun}"]
        for name, found in self.types.items():
            lines.append(f"  {name}: {found.episodes:.4g} episodes, mean utility {found.mean_utility:.3f}")
            lines += [f"    {edge.source} -> {edge.node}: trail {edge.trail:.3f}" for edge in found.trails[:_SHOWN]]
            lines += [f"    {agent}: ability {ability:.2f}" for agent, ability in found.abilities.items()]
        return "\n".join(lines)


def strongest_trails(trails: Trails, task_type: TaskType, n: int | None, bounds: Bounds) -> tuple[TrailReading, ...]:
    """The ``n`` edges (None: all) with the strongest trails for a task type, strongest first, then by their names."""
    total, one = trails.total, {task_type: 1.0}
    edges = {*total.log_tau.get(task_type, {}), *total.tau.get(task_type, {})}
    left = total.footprints.get(task_type, {})
    readings = (TrailReading(*edge, trails.tau(edge, one, bounds), left.get(edge, ())) for edge in edges)
    return tuple(
        nsmallest(
            len(edges) if n is None else n, readings, key=lambda reading: (-reading.trail, reading.source, reading.node)
        )
    )


def report_on(colony: str, trails: Trails, rules: ReadingRules) -> ColonyReport:
    """The report on a snapshot. Abilities are shrunken towards ``rules.unknown_ability``: profiles are not at hand."""
    types = {name: _report_type(trails, name, rules) for name in sorted(trails.total.utility_count)}
    return ColonyReport(colony, trails.version, trails.origin, trails.total.episodes, types)


def _report_type(trails: Trails, task_type: TaskType, rules: ReadingRules) -> TypeReport:
    tried = sorted(agent for agent, row in trails.total.trials.items() if task_type in row)
    return TypeReport(
        trails.total.utility_count[task_type],
        trails.mean_utility(task_type),
        strongest_trails(trails, task_type, None, rules.bounds),
        {agent: trails.ability(agent, task_type, rules.unknown_ability, rules.strength) for agent in tried},
    )
