"""Dijkstra, the k best routes, and all routes of an agent graph."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final, TypeAlias

from stigmergy.domain import GOAL, START, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.cost_to_go import ahead_by_place, potentials

Weights: TypeAlias = Mapping[NodeId, float]
"""The weight, at least 0, of entering each node but START; infinity where a node cannot be entered. GOAL is free."""

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Path:
    """The nodes after the source and before GOAL, in order, and the sum of their weights."""

    nodes: tuple[NodeId, ...]
    weight: float


def shortest_path(graph: AgentGraph, source: NodeId, weights: Weights) -> Path | None:
    """The path of least weight from ``source`` to GOAL, or None when none is finite.

    Dijkstra (1959) among the nodes that lie on a best path: one sweep of the DAG backwards, an array step per level,
    tells which these are.

    Among equal weights the path with fewer nodes wins, then the alphabetically first: the answer never depends on the
    order in which the graph was written. O(E log V).
    """
    graph.successors(source)  # an unknown source is refused here
    place, remaining = graph.layout.place, ahead_by_place(graph, weights)
    # What weighs more than the best is on no best path; sums of the same weights may differ by their rounding.
    most = remaining[place[source]] * (1.0 + _ROUNDING)
    heap: list[tuple[float, int, tuple[NodeId, ...]]] = [(0.0, 0, ())] if most < inf else []
    settled: set[NodeId] = set()
    while heap:
        weight, length, nodes = heapq.heappop(heap)
        here = nodes[-1] if nodes else source
        if here == GOAL:
            return Path(nodes[:-1], weight)
        if here in settled:
            continue
        settled.add(here)
        for target in graph.successors(here):
            reached = weight + (0.0 if target == GOAL else weights[target])
            if reached + remaining[place[target]] <= most and target not in settled:
                heapq.heappush(heap, (reached, length + 1, (*nodes, target)))
    return None


def k_shortest_paths(graph: AgentGraph, source: NodeId, weights: Weights, k: int) -> tuple[Path, ...]:
    """The ``k`` paths of least weight from ``source`` to GOAL, best first; fewer where fewer are finite.

    A* with the exact remaining weight as its estimate (in a DAG every walk is a path, so a node may be expanded once
    for each of the k answers): O(k x length x successors), ties as in ``shortest_path``.
    """
    remaining = potentials(graph, weights)
    heap: list[tuple[float, int, tuple[NodeId, ...], float]] = []
    if remaining[source] < inf:
        heap.append((remaining[source], 0, (), 0.0))
    found: list[tuple[float, int, tuple[NodeId, ...]]] = []
    while heap and len(found) < k:
        _, length, nodes, weight = heapq.heappop(heap)
        here = nodes[-1] if nodes else source
        if here == GOAL:
            found.append((weight, length, nodes[:-1]))
            continue
        for target in graph.successors(here):
            reached = weight + (0.0 if target == GOAL else weights[target])
            estimate = reached + remaining[target]
            if estimate < inf:
                heapq.heappush(heap, (estimate, length + 1, (*nodes, target), reached))
    return tuple(Path(nodes, weight) for weight, _, nodes in sorted(found))


def all_paths(graph: AgentGraph) -> Iterator[tuple[NodeId, ...]]:
    """Every route from START to GOAL, without these two, in alphabetical order. Their number may be exponential."""
    stack: list[tuple[NodeId, ...]] = [(START,)]
    while stack:
        nodes = stack.pop()
        if nodes[-1] == GOAL:
            yield nodes[1:-1]
        else:
            stack.extend((*nodes, target) for target in reversed(graph.successors(nodes[-1])))
