"""Every set of failures of every topology, through the engine, against the oracle that tries every way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, combinations

from stigmergy.bench.healing.oracle import Verdict, causes, judge
from stigmergy.bench.healing.outcome import Told, is_silent, words
from stigmergy.bench.healing.run_stigmergy import run_stigmergy
from stigmergy.bench.healing.scenarios import Mode
from stigmergy.bench.healing.topology import Topology
from stigmergy.bench.healing.world import Faults, World
from stigmergy.domain import AgentId, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhaustive:
    """Counts over all runs.

    ``feasible`` sets leave the whole goal, ``completed`` are those that ended so. ``infeasible`` are the others;
    ``explained`` those of them that were demoted to the best that is left, or escalated with the right cause.
    """

    runs: int = 0
    feasible: int = 0
    completed: int = 0
    infeasible: int = 0
    explained: int = 0
    silent: int = 0
    duplicates: int = 0

    def __add__(self, other: Exhaustive) -> Exhaustive:
        return Exhaustive(
            runs=self.runs + other.runs,
            feasible=self.feasible + other.feasible,
            completed=self.completed + other.completed,
            infeasible=self.infeasible + other.infeasible,
            explained=self.explained + other.explained,
            silent=self.silent + other.silent,
            duplicates=self.duplicates + other.duplicates,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LostReplies:
    """Every set of agents that do the work and whose reply is lost.

    What was done cannot be known then, so what counts is that nothing is done twice and nothing goes unsaid. Where one
    reply is lost of each agent that may be asked again (it is idempotent, or has no effect), the goal has to be
    reached all the same: ``completed`` of ``mendable`` sets.
    """

    runs: int
    silent: int
    duplicates: int
    mendable: int
    completed: int


async def run_exhaustive(topologies: Mapping[str, Topology]) -> Exhaustive:
    """Both modes of every set of dead agents of every topology."""
    total = Exhaustive()
    for topology in topologies.values():
        for mode in Mode:
            async for faults, told, world in _runs(topology, mode):
                total += counted(topology, faults.dead, told, world)
    return total


async def run_lost_replies(topologies: Mapping[str, Topology]) -> LostReplies:
    """Every set of agents that lose all their replies; then the mendable sets, whose agents lose one each."""
    silent, twice, ended = [], [], []
    for topology in topologies.values():
        mendable = [name for name, tool in topology.tools.items() if tool.idempotent or tool.effect is None]
        cases = [Faults(mute=mute) for mute in subsets(topology.tools)]
        for faults in (*cases, *(Faults(mute=mute, lost_replies=1) for mute in subsets(mendable))):
            told, world = await run_stigmergy(topology, faults, topology.labels)
            silent.append(is_silent(topology, told, world))
            twice.append(world.duplicates)
            if faults.lost_replies is not None:
                ended.append(told.status)
    return LostReplies(
        runs=len(silent),
        silent=sum(silent),
        duplicates=sum(twice),
        mendable=len(ended),
        completed=ended.count(Status.COMPLETED),
    )


def counted(topology: Topology, dead: frozenset[AgentId], told: Told, world: World) -> Exhaustive:
    """One run as counts."""
    verdict, silent = judge(topology.graph, dead), is_silent(topology, told, world)
    return Exhaustive(
        runs=1,
        feasible=int(verdict.feasible),
        completed=int(verdict.feasible and told.status is Status.COMPLETED and not silent),
        infeasible=int(not verdict.feasible),
        explained=int(not verdict.feasible and not silent and _explains(topology, dead, told, verdict)),
        silent=int(silent),
        duplicates=world.duplicates,
    )


def subsets(tools: Collection[AgentId]) -> Iterator[frozenset[AgentId]]:
    """Every set of the tools, the empty one first."""
    sizes = range(len(tools) + 1)
    return map(frozenset, chain.from_iterable(combinations(sorted(tools), size) for size in sizes))


async def _runs(topology: Topology, mode: Mode) -> AsyncIterator[tuple[Faults, Told, World]]:
    for dead in subsets(topology.tools):
        faults = Faults(dead=dead, known=dead if mode is Mode.KNOWN else frozenset())
        told, world = await run_stigmergy(topology, faults, topology.labels)
        yield faults, told, world


def _explains(topology: Topology, dead: frozenset[AgentId], told: Told, verdict: Verdict) -> bool:
    """Whether the best that is left was given, or what the reason says is closed is a cause by itself.

    Naming all that is dead would be no explanation: each that is named has to belong to a least cause.
    """
    if not verdict.infeasible:
        return told.status is Status.DEMOTED and frozenset(told.dropped) == verdict.dropped
    _, _, closed = told.reason.partition("closed: ")
    named = words(closed) & dead
    cause = judge(topology.graph, named).infeasible and named <= causes(topology.graph, dead)
    return told.status is Status.ESCALATED and cause
