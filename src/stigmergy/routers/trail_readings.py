"""Trails and abilities of a hop's candidates as rows, read from a snapshot once and kept while it lasts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import GOAL, START, Mixture, NodeId, TaskType
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.cost_to_go import potentials
from stigmergy.graphs.pheromones import Bounds, Trails
from stigmergy.routers.ability_sources import AbilitySource
from stigmergy.routers.base import RoutingState
from stigmergy.routers.heuristic import Row
from stigmergy.routers.price_range import PriceRange

_KEPT_HOPS: Final = 4096
_UNTYPED: Final = np.array([[1.0], [0.0], [1.0], [1.0], [1.0]])
"""The readings of every candidate for a query without any type."""
_HopKey: TypeAlias = tuple[str, NodeId, tuple[NodeId, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """How stored trails are read: between ``bounds``, abilities shrunken towards priors worth ``strength`` steps."""

    bounds: Bounds
    strength: float
    unknown_ability: float


@dataclass(frozen=True, slots=True)
class Readings:
    """What a snapshot says of each candidate for one query: a row of one float per candidate each."""

    trail: Row
    ability: Row
    seen: Row
    """Steps of the candidate's agent that it was judged by."""
    expected_s: Row
    price: Row
    """Worst-case price as a share of the graph's dearest route."""
    goal: int | None


@dataclass(frozen=True, slots=True)
class _Hop:
    """The candidates of one hop; ``rows`` holds [trail, earned, presumed, room, seen] x candidates per task type.

    An ability is ``earned + presumed``: ``earned = successes / (trials + strength)``, and ``presumed = room x prior``
    with ``room = strength / (trials + strength)``.
    """

    expected_s: Row
    price: Row
    goal: int | None
    rows: dict[TaskType, NDArray[np.float64]] = field(default_factory=dict)


class TrailReader:
    """Reads one snapshot of trails. Mixtures of task types are weighted sums of the types' rows."""

    def __init__(self, trails: Trails, rules: ReadingRules, abilities: AbilitySource) -> None:
        self.trails = trails
        self._rules = rules
        self._abilities = abilities
        self._hops: dict[_HopKey, _Hop] = {}

    def read(self, state: RoutingState, prices: PriceRange) -> Readings:
        """The readings for the state's query at its candidates; ``prices`` are those of its graph."""
        hop = self._hop(state, prices)
        blocks = [
            share * self._rows_of(hop, state, task_type)
            for task_type, share in state.query.mixture.items()
            if share > 0.0
        ]
        # A query without any type walks as if nothing were known: every trail alike.
        trail, earned, presumed, room, seen = (
            sum(blocks[1:], blocks[0]) if blocks else np.repeat(_UNTYPED, len(state.candidates), axis=1)
        )
        prior = self._abilities.on_query(state)
        ability = earned + (presumed if prior is None else room * prior)
        return Readings(trail, ability, seen, hop.expected_s, hop.price, hop.goal)

    def mean_utility(self, mixture: Mixture) -> float:
        """The mean utility of the query's task types, weighted by its mixture."""
        return sum(share * self.trails.mean_utility(task_type) for task_type, share in mixture.items())

    def _hop(self, state: RoutingState, prices: PriceRange) -> _Hop:
        nodes = tuple([candidate.node for candidate in state.candidates])
        key = state.graph.version, state.position, nodes
        hop = self._hops.get(key)
        if hop is None:
            if len(self._hops) >= _KEPT_HOPS:
                self._hops.clear()
            expected = [_expected_s(state.graph, node) for node in nodes]
            price = [prices.shares.get(node, 0.0) / (prices.dearest or 1.0) for node in nodes]
            hop = _Hop(np.array(expected), np.array(price), nodes.index(GOAL) if GOAL in nodes else None)
            self._hops[key] = hop
        return hop

    def _rows_of(self, hop: _Hop, state: RoutingState, task_type: TaskType) -> NDArray[np.float64]:
        rows = hop.rows.get(task_type)
        if rows is None:
            rows = hop.rows[task_type] = self._rows(state, task_type)
        return rows

    def _rows(self, state: RoutingState, task_type: TaskType) -> NDArray[np.float64]:
        rules, trails, one = self._rules, self.trails, {task_type: 1.0}
        columns = []
        for candidate in state.candidates:
            trail = trails.tau((state.position, candidate.node), one, rules.bounds)
            if candidate.node == GOAL:
                columns.append((trail, 0.0, 0.0, 0.0, 0.0))
                continue
            if candidate.node in state.graph.branches:
                columns.append((trail, 0.0, rules.unknown_ability, 1.0, 0.0))
                continue
            known = self._abilities.of(state.graph, candidate.node, task_type)
            prior = rules.unknown_ability if known is None else known
            earned, room = (trails.ability(candidate.agent, task_type, x, rules.strength) for x in (0.0, 1.0))
            seen = trails.total.trials.get(candidate.agent, {}).get(task_type, 0.0)
            columns.append((trail, earned, (room - earned) * prior, room - earned, seen))
        return np.array(columns).T


def _expected_s(graph: AgentGraph, node: NodeId) -> float:
    """Seconds: of an agent as declared, of a fan-out the longest of its required branches' quickest ways.

    Of a panel as much as its slowest agents take one after the other.
    """
    if node == GOAL:
        return 0.0
    if node not in graph.branches:
        return graph.profile(node).expected_latency_s
    if node in graph.panels:
        members = (_expected_s(arm, agent) for agent, arm in graph.branches[node].items())
        return sum(sorted(members, reverse=True)[: graph.panels[node].most])
    arms = graph.required(node).values()
    return max(potentials(arm, {n: _expected_s(arm, n) for n in arm.nodes})[START] for arm in arms)
