"""The budget-constrained shortest path, and the label search that it shares with repairs."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import NamedTuple, TypeAlias

from stigmergy.domain import GOAL, NodeId, Spend
from stigmergy.graphs.agent_graph import NO_FAN_OUTS, AgentGraph, Needs
from stigmergy.graphs.shortest_path import Path

Allows: TypeAlias = Callable[[Spend], bool]
"""Whether a total spend fits, such as ``Budget.allows``. What fits must still fit when it gets smaller."""


class Label(NamedTuple):
    """One way from the source to the last of ``walked``; labels compare as searches prefer them.

    ``walked``, ``nodes`` and ``picks`` tell any two labels of one search apart, so that what follows them is never
    compared.
    """

    loss: float
    drops: int
    weight: float
    length: int
    walked: tuple[NodeId, ...]
    """Every node of the way, GOAL included when it is reached."""
    nodes: tuple[NodeId, ...]
    """Those that are to be called."""
    picks: tuple[int, ...]
    """Which of its needs was counted at each of ``nodes``: it tells labels of one way apart."""
    spend: Spend
    effects: frozenset[str]


Moves: TypeAlias = Callable[[Label, NodeId], Iterator[Label]]
"""The labels that a label becomes at a successor."""


def constrained_shortest_path(
    graph: AgentGraph,
    source: NodeId,
    weights: Mapping[NodeId, float],
    allows: Allows,
    spent: Spend,
    needs: Needs = NO_FAN_OUTS,
) -> Path | None:
    """The path of least weight from ``source`` to GOAL whose worst case fits, or None when no path fits.

    Minimise ``sum of weight(n)`` subject to ``allows(spent + sum of worst_case(n))`` and to no two nodes of the path
    (the source included) sharing an effect. Exact, by label setting with dominance (Desrochers and Soumis, 1988): a
    label is dropped when an earlier one at its node uses no more of any resource and no other effects. Ties are
    broken as in ``shortest_path``. Exponential in the worst case, a handful of labels per node in practice. ``needs``
    holds the Pareto-least worst cases of fan-outs as things stand; of one that is left out, ``graph.worst_case`` holds.
    """
    best = search(graph, source, spent, calling(graph, weights, allows, needs))
    return None if best is None else Path(best.nodes, best.weight)


def calling(graph: AgentGraph, weights: Mapping[NodeId, float], allows: Allows, needs: Needs = NO_FAN_OUTS) -> Moves:
    """The move that calls a node: possible when its weight is finite, its effect is free and its worst case fits."""

    def moves(label: Label, target: NodeId) -> Iterator[Label]:
        walked = (*label.walked, target)
        if target == GOAL:
            yield label._replace(length=label.length + 1, walked=walked)
        elif weights[target] < inf:
            effect = graph.effects(target)
            if not effect.isdisjoint(label.effects):
                return
            weight, nodes, effects = label.weight + weights[target], (*label.nodes, target), label.effects | effect
            for pick, need in enumerate(needs.get(target) or (graph.worst_case(target),)):
                spend, picks = label.spend + need, (*label.picks, pick)
                if allows(spend):
                    yield Label(label.loss, label.drops, weight, label.length + 1, walked, nodes, picks, spend, effects)

    return moves


def search(graph: AgentGraph, source: NodeId, spent: Spend, moves: Moves) -> Label | None:
    """The least label that reaches GOAL from ``source``, or None."""
    heap = [Label(0.0, 0, 0.0, 0, (), (), (), spent, graph.effects(source))]
    settled: dict[NodeId, list[Label]] = {}
    while heap:
        label = heapq.heappop(heap)
        here = label.walked[-1] if label.walked else source
        if here == GOAL:
            return label
        earlier = settled.setdefault(here, [])
        if any(other.spend.at_most(label.spend) and other.effects <= label.effects for other in earlier):
            continue
        earlier.append(label)
        for target in graph.successors(here):
            for reached in moves(label, target):
                heapq.heappush(heap, reached)
    return None
