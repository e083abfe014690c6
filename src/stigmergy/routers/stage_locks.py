"""Worst-case completions of a route that never repeats a side effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from stigmergy.domain import GOAL, NOTHING, NodeId, Spend
from stigmergy.graphs.agent_graph import NO_FAN_OUTS, AgentGraph, Needs
from stigmergy.graphs.cost_to_go import completions, pareto_least

Ahead: TypeAlias = Callable[[NodeId], tuple[Spend, ...]]
"""The Pareto-least worst cases of completing after a node; empty where there is no completion."""
_NONE: Final[frozenset[str]] = frozenset()


def completions_after(graph: AgentGraph, closed: frozenset[NodeId], needs: Needs = NO_FAN_OUTS) -> Ahead:
    """What completing costs at least after each node, ``closed`` nodes left out and no effect taken twice.

    Without an effect that could repeat on one route this is ``graphs.cost_to_go.completions``. With one, the labels
    carry the set H of effects already taken that could still repeat::

        C(n, H) = least of {worst_case(s) + c : s in successors(n), s open, effect(s) not in H,
                            c in C(s, (H + effect(s)) restricted to effects below s)}

    and the answer for n is ``C(n, {effect(n)})``. Exact, and exponential in the number of repeatable effects alone.
    """
    below = effects_below(graph)
    if not any(effect_at(graph, node) & effects for node, effects in below.items()):
        return completions(graph, closed, needs).__getitem__
    known: dict[tuple[NodeId, frozenset[str]], tuple[Spend, ...]] = {(GOAL, _NONE): (NOTHING,)}

    def ahead(node: NodeId, held: frozenset[str]) -> tuple[Spend, ...]:
        key = node, held & below[node]
        if key not in known:
            known[key] = pareto_least(
                need + rest
                for target in graph.successors(node)
                if target not in closed and not (effect_at(graph, target) & held)
                for need in needs.get(target) or (graph.worst_case(target),)
                for rest in ahead(target, held | effect_at(graph, target))
            )
        return known[key]

    return lambda node: ahead(node, effect_at(graph, node))


def effect_at(graph: AgentGraph, node: NodeId) -> frozenset[str]:
    """The side effects that a node may have: one at most, unless it is a fan-out."""
    return graph.effects(node)


def effects_below(graph: AgentGraph) -> Mapping[NodeId, frozenset[str]]:
    """The side effects that a route may still meet after each node."""
    below: dict[NodeId, frozenset[str]] = {}
    for node in reversed(graph.order):
        below[node] = _NONE.union(*(below[s] | effect_at(graph, s) for s in graph.successors(node)))
    return below
