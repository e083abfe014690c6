"""The way on after a failure: a path if there is one, else the path that gives up least."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stigmergy.domain import GOAL, NodeId, Spend
from stigmergy.graphs.agent_graph import NO_FAN_OUTS, AgentGraph, Needs
from stigmergy.graphs.constrained_path import Allows, Label, calling, search
from stigmergy.graphs.shortest_path import Path, shortest_path


@dataclass(frozen=True, slots=True)
class RepairPath:
    """How an episode goes on: ``nodes`` are called in this order, ``dropped`` are optional nodes left out on the way.

    ``loss`` is the sum of the losses of ``dropped`` and ``weight`` that of the weights of ``nodes``. The episode is
    rerouted when nothing is dropped and demoted otherwise.
    """

    nodes: tuple[NodeId, ...]
    dropped: tuple[NodeId, ...]
    loss: float
    weight: float


def repair_path(
    graph: AgentGraph,
    source: NodeId,
    weights: Mapping[NodeId, float],
    allows: Allows,
    spent: Spend,
    needs: Needs = NO_FAN_OUTS,
) -> RepairPath | None:
    """The best way from ``source`` to GOAL when optional nodes may be bypassed; None: escalate.

    One label search that minimises (loss, number of dropped nodes, weight) in this order, where every node n is either
    called at ``weight(n)`` and ``worst_case(n)`` or, when it is optional, bypassed at ``loss(n)``, free of weight and
    budget. So a path that drops nothing wins whenever one fits, however much it weighs, and a node whose loss is zero
    is still not dropped without need. Exact; constraints, ties and dominance as in ``constrained_shortest_path``.

    Args:
        graph: a fan-out in it is one node.
        source: the last committed node, or START.
        weights: infinity for nodes that must not be called: down, excluded, or repeating a committed effect.
        allows: whether a total worst case fits the budget.
        spent: what is spent, reserved and earmarked already.
        needs: as in ``constrained_shortest_path``.
    """
    direct = shortest_path(graph, source, weights)  # where the lightest path of all fits, nothing is better
    if direct is not None and _is_free(graph, source, direct, allows, spent):
        return RepairPath(direct.nodes, (), 0.0, direct.weight)
    call = calling(graph, weights, allows, needs)

    def call_or_bypass(label: Label, target: NodeId) -> Iterator[Label]:
        yield from call(label, target)
        if graph.is_optional(target):
            yield label._replace(
                loss=label.loss + graph.loss(target),
                drops=label.drops + 1,
                length=label.length + 1,
                walked=(*label.walked, target),
            )

    best = search(graph, source, spent, call_or_bypass)
    return None if best is None else _repair(best)


def _is_free(graph: AgentGraph, source: NodeId, path: Path, allows: Allows, spent: Spend) -> bool:
    """Whether nothing stands against the lightest path of all; where a fan-out lies on it, the search has to say."""
    if not graph.branches.keys().isdisjoint(path.nodes):
        return False
    effects = [graph.effects(node) for node in (source, *path.nodes)]
    once = sum(map(len, effects)) == len(frozenset().union(*effects))
    return once and allows(sum((graph.worst_case(node) for node in path.nodes), spent))


def _repair(best: Label) -> RepairPath:
    called = set(best.nodes)
    dropped = tuple(node for node in best.walked if node != GOAL and node not in called)
    return RepairPath(best.nodes, dropped, best.loss, best.weight)
