"""A failure becomes a reroute, a demotion or an escalation. Deterministic; asks no language model.

Dijkstra runs from the last committed node to GOAL over health-adjusted weights, with failed nodes out and budgets
kept. Where no path leaves that node, the episode backs up past steps without side effects, nearest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from stigmergy.domain import GOAL, START, AgentProfile, Budget, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.overlay import Overlay
from stigmergy.graphs.repair_path import RepairPath, repair_path
from stigmergy.graphs.weights import WeightModel, node_weights
from stigmergy.platform.episode.events import Demoted, Escalated, Rerouted
from stigmergy.platform.episode.state import EpisodeState

Healed: TypeAlias = Rerouted | Demoted | Escalated


@dataclass(frozen=True, slots=True)
class Healing:
    """Finds the way on. ``weights`` says what a path costs."""

    weights: WeightModel

    def heal(self, graph: AgentGraph, state: EpisodeState, overlay: Overlay, budget: Budget, reason: str) -> Healed:
        """The repair for an episode that cannot go on as it was; ``reason`` says why it cannot."""
        entering = self._open_weights(graph, state, overlay)
        for source, undone in _sources(graph, state):
            path = repair_path(graph, source, entering, budget.allows, state.charged)
            if path is not None:
                return _repaired(source, undone, path)
        return _escalated(graph, state, overlay, budget, reason)

    def _open_weights(self, graph: AgentGraph, state: EpisodeState, overlay: Overlay) -> dict[NodeId, float]:
        """Weights with the failed nodes, and those that would repeat a committed side effect, at infinity."""
        done, failed = locked_effects(graph, state), failed_nodes(graph, state)
        weights = dict(node_weights(graph, overlay, self.weights))
        for node in graph.nodes:
            if node in failed or graph.profile(node).effect in done:
                weights[node] = inf
        return weights


def locked_effects(graph: AgentGraph, state: EpisodeState) -> frozenset[str]:
    """The side effects that no further step may have: of committed steps, and of failed calls that may have had one."""
    committed = (graph.profile(node).effect for node in state.route)
    return state.in_doubt.union(effect for effect in committed if effect is not None)


def failed_nodes(graph: AgentGraph, state: EpisodeState) -> frozenset[NodeId]:
    """Every node of the agents that failed in this episode: an agent is excluded wherever it works."""
    return graph.nodes_with({graph.profile(node).id for node in state.excluded})


def _sources(graph: AgentGraph, state: EpisodeState) -> Iterator[tuple[NodeId, tuple[NodeId, ...]]]:
    """Where a repair may start, with the steps it would undo: the last committed node first."""
    route = state.route
    for kept in range(len(route), -1, -1):
        undone = route[kept:]
        if undone and graph.profile(undone[0]).effect is not None:
            return
        yield (route[kept - 1] if kept else START), undone


def _repaired(source: NodeId, undone: tuple[NodeId, ...], path: RepairPath) -> Rerouted | Demoted:
    nodes = (*path.nodes, GOAL)
    if path.dropped:
        return Demoted(
            source=source, path=nodes, dropped=path.dropped, loss=path.loss, weight=path.weight, undone=undone
        )
    return Rerouted(source=source, path=nodes, weight=path.weight, undone=undone)


def _escalated(graph: AgentGraph, state: EpisodeState, overlay: Overlay, budget: Budget, reason: str) -> Escalated:
    agent = graph.escalation
    can = agent is not None and _may_be_asked(agent, graph, state, overlay, budget)
    return Escalated(reason=f"no feasible path is left: {reason}", to=agent.id if agent is not None and can else None)


def _may_be_asked(
    agent: AgentProfile, graph: AgentGraph, state: EpisodeState, overlay: Overlay, budget: Budget
) -> bool:
    """Whether the escalation agent is up, has not failed in this episode, repeats no side effect and can be paid."""
    return (
        agent.id not in overlay.down
        and all(graph.profile(node).id != agent.id for node in state.excluded)
        and agent.effect not in locked_effects(graph, state)
        and budget.allows(state.charged + agent.worst_case())
    )
