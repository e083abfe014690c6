"""What a system told its caller, and whether it was right, measured by what the world saw."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stigmergy.bench.healing.oracle import left_undone
from stigmergy.bench.healing.scenarios import Scenario
from stigmergy.bench.healing.topology import Topology
from stigmergy.bench.healing.world import World
from stigmergy.domain import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the caller hears. ``status`` None: nothing. ``llm_calls`` are those that decided how to go on."""

    status: Status | None
    reason: str = ""
    dropped: tuple[str, ...] = ()
    llm_calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One run, judged.

    ``silent``: work of the goal, or the asking of a person, was left out, and the caller was told of a success or
    nothing. ``stranded`` are side effects that an escalation left behind for a person to look after.
    """

    status: Status | None
    reason: str
    right: bool
    silent: bool
    llm_calls: int
    tool_calls: int
    duplicates: int
    stranded: int
    recoveries_s: tuple[float, ...]


def outcome_of(topology: Topology, scenario: Scenario, told: Told, world: World) -> Outcome:
    """Judge one run of any system."""
    unasked = bool(scenario.risk) and told.status in (Status.COMPLETED, Status.DEMOTED)
    silent = unasked or is_silent(topology, told, world)
    escalated = told.status is Status.ESCALATED
    return Outcome(
        status=told.status,
        reason=told.reason,
        right=not silent and told.status is scenario.right and names_all(told, scenario.names),
        silent=silent,
        llm_calls=told.llm_calls,
        tool_calls=len(world.calls),
        duplicates=world.duplicates,
        stranded=world.side_effects if escalated else 0,
        recoveries_s=tuple(world.recoveries_s),
    )


def is_silent(topology: Topology, told: Told, world: World) -> bool:
    """Whether the caller is left in the dark: told nothing, or of a success that the world did not see."""
    if told.status is Status.ESCALATED:
        return not told.reason
    missing = left_undone(topology.graph, world.done, topology.tools.keys()).dropped
    if told.status is Status.COMPLETED:
        return missing != frozenset()
    if told.status is not Status.DEMOTED or missing is None:
        return True
    return not {_branch(name) for name in missing} <= {_branch(name) for name in told.dropped}


def _branch(name: str) -> str:
    """What is left out, without the fan-out in which it is: only our own graphs have one."""
    return name.rpartition("/")[2]


def names_all(told: Told, names: tuple[str, ...]) -> bool:
    """Whether every name stands in what was told, as a word of its own."""
    return set(names) <= words(f"{told.reason} {' '.join(told.dropped)}")


def words(text: str) -> set[str]:
    """The words of a text; names of tools are among them."""
    return set(re.findall(r"\w+", text))
