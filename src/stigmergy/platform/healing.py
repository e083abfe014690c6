"""A failure becomes a reroute, a demotion or an escalation. Deterministic; asks no language model.

Dijkstra runs from the last committed node to GOAL over health-adjusted weights, with failed nodes out and budgets
kept. Where no path leaves that node, the episode backs up past steps without side effects, nearest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Final, TypeAlias

from stigmergy.domain import ESCALATION, GOAL, NOTHING, START, AgentId, AgentProfile, Budget, NodeId, Spend
from stigmergy.graphs.agent_graph import AgentGraph, Needs
from stigmergy.graphs.constrained_path import Allows
from stigmergy.graphs.overlay import Overlay
from stigmergy.graphs.repair_path import RepairPath, repair_path
from stigmergy.graphs.weights import WeightModel, node_weights
from stigmergy.platform.episode.events import Demoted, Escalated, Rerouted
from stigmergy.platform.episode.state import EpisodeState
from stigmergy.platform.obstacles import Closures, obstacles
from stigmergy.routers.feasibility import fan_out_needs

Healed: TypeAlias = Rerouted | Demoted | Escalated


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What holds for a line because of the lines around it; the main line of an episode is alone.

    ``held`` is spent or reserved elsewhere in the episode. ``earmarks`` are the Pareto-least vectors of what is still
    needed there: by the other branches that run, by the joins, and by the ways on after them. ``firm`` are those
    without optional branches. ``locked`` are side effects taken there.
    """

    held: Spend = NOTHING
    earmarks: tuple[Spend, ...] = (NOTHING,)
    firm: tuple[Spend, ...] = (NOTHING,)
    locked: frozenset[str] = frozenset()


ALONE: Final = Surroundings()


def allowing(budget: Budget, earmarks: tuple[Spend, ...]) -> Allows:
    """Whether a spend fits the budget together with one of the earmarks."""
    if earmarks == ALONE.earmarks:
        return budget.allows
    return lambda spend: any(budget.allows(spend + earmark) for earmark in earmarks)


@dataclass(frozen=True, slots=True)
class Healing:
    """Finds the way on. ``weights`` says what a path costs."""

    weights: WeightModel

    def heal(
        self,
        graph: AgentGraph,
        state: EpisodeState,
        overlay: Overlay,
        budget: Budget,
        reason: str,
        around: Surroundings = ALONE,
    ) -> Healed:
        """The repair for a line that cannot go on as it was; ``reason`` says why it cannot.

        In a branch the repair is local to it, and what optional branches still need does not stand in its way.
        """
        locked = locked_effects(graph, state) | around.locked
        needs = fan_out_needs(graph, overlay.down, failed_nodes(graph, state), locked)
        entering = self._open_weights(graph, state, overlay, locked, needs)
        spent, allows = around.held + state.charged, allowing(budget, around.firm)
        for source, undone in _sources(graph, state):
            path = repair_path(graph, source, entering, allows, spent, needs)
            if path is not None:
                return _repaired(source, undone, path)
        closed = _closed(graph, state, overlay, locked)
        return escalation(graph, state, overlay, budget, f"no feasible path is left: {reason}{closed}")

    def _open_weights(
        self, graph: AgentGraph, state: EpisodeState, overlay: Overlay, locked: frozenset[str], needs: Needs
    ) -> dict[NodeId, float]:
        """Weights with the failed nodes, and those that would repeat a committed side effect, at infinity."""
        failed = failed_nodes(graph, state)
        weights = dict(node_weights(graph, overlay, self.weights))
        for node in graph.nodes:
            if node in failed or graph.effects(node) & locked or needs.get(node) == ():
                weights[node] = inf
        return weights


def locked_effects(graph: AgentGraph, state: EpisodeState) -> frozenset[str]:
    """The side effects that no further step may have: of committed steps, and of failed calls that may have had one.

    Of a fan-out, committed or failed, every side effect that its branches might have had.
    """
    failed = (node for node in state.excluded if node in graph.branches)
    return state.in_doubt.union(*(graph.effects(node) for node in (*state.route, *failed)))


def failed_nodes(graph: AgentGraph, state: EpisodeState) -> frozenset[NodeId]:
    """Every node of the agents that failed on this line, and its failed fan-outs."""
    if not state.excluded:
        return state.excluded
    return graph.nodes_with(failed_agents(graph, state)) | (state.excluded & graph.branches.keys())


def failed_agents(graph: AgentGraph, state: EpisodeState) -> frozenset[AgentId]:
    """The agents that failed on this line: an agent is excluded wherever it works."""
    nodes = (node for node in state.excluded if node not in graph.branches and node != ESCALATION)
    return frozenset(graph.profile(node).id for node in nodes)


def _sources(graph: AgentGraph, state: EpisodeState) -> Iterator[tuple[NodeId, tuple[NodeId, ...]]]:
    """Where a repair may start, with the steps it would undo: the last committed node first."""
    route = state.route
    for kept in range(len(route), -1, -1):
        undone = route[kept:]
        if undone and graph.effects(undone[0]):
            return
        yield (route[kept - 1] if kept else START), undone


def _repaired(source: NodeId, undone: tuple[NodeId, ...], path: RepairPath) -> Rerouted | Demoted:
    nodes = (*path.nodes, GOAL)
    if path.dropped:
        return Demoted(
            source=source, path=nodes, dropped=path.dropped, loss=path.loss, weight=path.weight, undone=undone
        )
    return Rerouted(source=source, path=nodes, weight=path.weight, undone=undone)


def _closed(graph: AgentGraph, state: EpisodeState, overlay: Overlay, locked: frozenset[str]) -> str:
    """What closes every way on, as the end of a reason; nothing where the budget alone does."""
    closures = Closures(
        down=overlay.down,
        failed=failed_agents(graph, state),
        given_up=state.excluded & graph.branches.keys(),
        locked=locked,
    )
    found = obstacles(graph, [source for source, _ in _sources(graph, state)], closures)
    return f"; closed: {', '.join(found)}" if found else ""


def escalation(graph: AgentGraph, state: EpisodeState, overlay: Overlay, budget: Budget, reason: str) -> Escalated:
    """The escalation, to the graph's agent for it where that one may be asked, else to the caller."""
    agent = graph.escalation
    can = agent is not None and _may_be_asked(agent, graph, state, overlay, budget)
    return Escalated(reason=reason, to=agent.id if agent is not None and can else None)


def _may_be_asked(
    agent: AgentProfile, graph: AgentGraph, state: EpisodeState, overlay: Overlay, budget: Budget
) -> bool:
    """Whether the escalation agent is up, has not failed in this episode, repeats no side effect and can be paid."""
    return (
        agent.id not in overlay.down
        and agent.id not in failed_agents(graph, state)
        and agent.effect not in locked_effects(graph, state)
        and budget.allows(state.charged + agent.worst_case())
    )
