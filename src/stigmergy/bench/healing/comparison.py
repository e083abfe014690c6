"""The 19 scenarios through all three systems, and what came of them in one row per system and mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, TypeAlias

from stigmergy.bench.healing.outcome import Outcome, Told, outcome_of
from stigmergy.bench.healing.run_langgraph import run_langgraph
from stigmergy.bench.healing.run_react import run_react
from stigmergy.bench.healing.run_stigmergy import run_stigmergy
from stigmergy.bench.healing.scenarios import Mode, Scenario
from stigmergy.bench.healing.topology import Topology
from stigmergy.bench.healing.world import Faults, World
from stigmergy.domain import Status

System: TypeAlias = Callable[[Topology, Faults, Mapping[str, str]], Awaitable[tuple[Told, World]]]

OURS: Final = "stigmergy"
SYSTEMS: Final[Mapping[str, System]] = {
    OURS: run_stigmergy,
    "react": run_react,
    "langgraph": run_langgraph,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One system in one mode. ``recovery_ms`` is the median from a failed call to the next thing done; None: none."""

    right: int
    completed: int
    demoted: int
    escalated: int
    silent: int
    llm_calls: int
    tool_calls: int
    duplicates: int
    stranded: int
    recovery_ms: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """One scenario through one system in one mode."""

    system: str
    mode: Mode
    scenario: Scenario
    outcome: Outcome


async def compare(topologies: Mapping[str, Topology], scenarios: Iterable[Scenario]) -> tuple[Judged, ...]:
    """Every scenario through every system, in both modes."""
    return tuple(
        [
            Judged(name, mode, scenario, await _run(system, topologies[scenario.topology], scenario, mode))
            for name, system in SYSTEMS.items()
            for mode in Mode
            for scenario in scenarios
        ]
    )


def row_of(outcomes: Sequence[Outcome]) -> Row:
    """The outcomes of one system in one mode, added up; a silent one counts as nothing else."""
    ends = Counter(outcome.status for outcome in outcomes if not outcome.silent)
    recoveries = [seconds for outcome in outcomes for seconds in outcome.recoveries_s]
    return Row(
        right=sum(outcome.right for outcome in outcomes),
        completed=ends[Status.COMPLETED],
        demoted=ends[Status.DEMOTED],
        escalated=ends[Status.ESCALATED],
        silent=sum(outcome.silent for outcome in outcomes),
        llm_calls=sum(outcome.llm_calls for outcome in outcomes),
        tool_calls=sum(outcome.tool_calls for outcome in outcomes),
        duplicates=sum(outcome.duplicates for outcome in outcomes),
        stranded=sum(outcome.stranded for outcome in outcomes),
        recovery_ms=median(recoveries) * 1000 if recoveries else None,
    )


async def _run(system: System, topology: Topology, scenario: Scenario, mode: Mode) -> Outcome:
    known = scenario.dead if mode is Mode.KNOWN else frozenset[str]()
    told, world = await system(topology, Faults(dead=scenario.dead, known=known), {**topology.labels, **scenario.risk})
    return outcome_of(topology, scenario, told, world)
