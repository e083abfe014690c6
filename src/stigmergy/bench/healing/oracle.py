"""What can be reached when a set of tools is dead, by trying every way: recursion over the file, nothing of ours.

It reads the graph as it stands in the YAML file, and shares no code with the searches that it judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, Final, TypeAlias

Graph: TypeAlias = Mapping[str, Any]
Drops: TypeAlias = tuple[tuple[str, float], ...]
"""What a way leaves out, and the loss of each."""

_START: Final = "START"
_GOAL: Final = "GOAL"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``dropped`` None: no way is left. Empty: the whole goal is. Else: the optional work that costs least to lose."""

    dropped: frozenset[str] | None

    @property
    def feasible(self) -> bool:
        """Whether the whole goal can be reached."""
        return self.dropped == frozenset()

    @property
    def infeasible(self) -> bool:
        """Whether not even a part of it can."""
        return self.dropped is None


def judge(graph: Graph, dead: AbstractSet[str]) -> Verdict:
    """The best that can be reached without the dead tools: least loss, then fewest drops."""
    ways = list(_ways(graph, _START, dead))
    if not ways:
        return Verdict(None)
    least = min(ways, key=lambda drops: (sum(loss for _, loss in drops), len(drops)))
    return Verdict(frozenset(name for name, _ in least))


def left_undone(graph: Graph, done: AbstractSet[str], tools: AbstractSet[str]) -> Verdict:
    """What is missing of the goal when these tools have done their work, and no other has."""
    return judge(graph, tools - done)


def causes(graph: Graph, dead: AbstractSet[str]) -> frozenset[str]:
    """The dead tools that belong to a least set which makes the goal infeasible by itself: those worth naming."""
    found: list[frozenset[str]] = []
    for size in range(len(dead) + 1):
        for chosen in map(frozenset, combinations(sorted(dead), size)):
            if not any(smaller <= chosen for smaller in found) and judge(graph, chosen).infeasible:
                found.append(chosen)
    return frozenset().union(*found)


def _ways(graph: Graph, node: str, dead: AbstractSet[str]) -> Iterator[Drops]:
    """What is dropped on each way from a node to the goal."""
    for successor in _successors(graph, node):
        if successor == _GOAL:
            yield ()
            continue
        for here in _passes(graph, successor, dead):
            for rest in _ways(graph, successor, dead):
                yield (*here, *rest)


def _passes(graph: Graph, node: str, dead: AbstractSet[str]) -> Iterator[Drops]:
    """The ways to get past a node: its tool works, its branches do, or it is optional."""
    spec = graph.get("nodes", {}).get(node, {})
    if spec.get("kind") == "fan_out":
        yield from _fan_out(node, spec["branches"], dead)
    elif spec.get("agent", node) not in dead:
        yield ()
    if spec.get("optional"):
        yield ((node, spec.get("loss", 0.0)),)


def _fan_out(node: str, branches: Mapping[str, Any], dead: AbstractSet[str]) -> Iterator[Drops]:
    lost: list[tuple[str, float]] = []
    for name, branch in branches.items():
        if not judge(branch["graph"], dead).infeasible:
            continue
        if branch.get("required", True):
            return
        lost.append((f"{node}/{name}", branch.get("loss", 0.0)))
    yield tuple(lost)


def _successors(graph: Graph, node: str) -> Iterator[str]:
    yield from graph.get("edges", {}).get(node, ())
    stages = [[_START], *graph.get("stages", ()), [_GOAL]]
    if len(stages) > len((_START, _GOAL)):
        for here, following in pairwise(stages):
            if node in here:
                yield from following
