"""What closes every way to the goal: the nodes to be named when a task is escalated, and no others."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from stigmergy.domain import GOAL, START, AgentId, NodeId
from stigmergy.graphs.agent_graph import AgentGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Closures:
    """Why nodes are closed on a line: agents down, ``failed`` ones given up there, fan-outs given up, effects taken."""

    down: frozenset[AgentId]
    failed: frozenset[AgentId]
    given_up: frozenset[NodeId]
    locked: frozenset[str]


def obstacles(graph: AgentGraph, sources: Iterable[NodeId], closures: Closures) -> tuple[str, ...]:
    """Why no open way leads from any of the sources to GOAL, a clause per closed node; none when one does.

    The nodes are those at the edge of what can be reached from which a way to GOAL meets no other of them: together
    they cut every way, and none can be left out of the cut. Optional nodes can be passed. In a fan-out it is the
    required branches that count.
    """
    found = _edge(graph, sources, closures)
    cut = [node for node in graph.nodes if node in found and _leads_on(graph, node, found.keys() - {node})]
    return tuple(clause for node in cut for clause in found[node])


def _edge(graph: AgentGraph, sources: Iterable[NodeId], closures: Closures) -> dict[NodeId, tuple[str, ...]]:
    """The closed nodes that can be reached by open ones, and why they are closed; none when GOAL can be reached."""
    found: dict[NodeId, tuple[str, ...]] = {}
    ahead, seen = list(sources), set[NodeId]()
    while ahead:
        for node in graph.successors(ahead.pop()):
            if node == GOAL:
                return {}
            if node in seen:
                continue
            seen.add(node)
            why = _why_closed(graph, node, closures)
            if not why or graph.is_optional(node):
                ahead.append(node)
            else:
                found[node] = why
    return found


def _leads_on(graph: AgentGraph, node: NodeId, others: AbstractSet[NodeId]) -> bool:
    """Whether a way from the node to GOAL meets none of the others."""
    return any(
        target == GOAL or (target not in others and _leads_on(graph, target, others))
        for target in graph.successors(node)
    )


def _why_closed(graph: AgentGraph, node: NodeId, closures: Closures) -> tuple[str, ...]:
    taken = graph.effects(node) & closures.locked
    if node in graph.branches:
        if node in closures.given_up:
            return (f"{node} was given up",)
        return (f"{node} would repeat {min(taken)!r}",) if taken else _inside(graph, node, closures)
    agent = graph.profile(node).id
    called = node if node == agent else f"{node} ({agent})"
    if agent in closures.down:
        return (f"{called} is down",)
    if agent in closures.failed:
        return (f"{called} was given up",)
    return (f"{called} would repeat {min(taken)!r}",) if taken else ()


def _inside(graph: AgentGraph, node: NodeId, closures: Closures) -> tuple[str, ...]:
    """What closes the required branches of a fan-out, or the agents of a panel."""
    arms = graph.branches[node] if node in graph.panels else graph.required(node)
    return tuple(
        f"{node}/{name}/{clause}" for name, arm in arms.items() for clause in obstacles(arm, (START,), closures)
    )
