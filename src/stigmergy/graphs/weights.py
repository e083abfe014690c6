"""One weight per node from price, latency, reliability, rate limit and availability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import Final

from stigmergy.domain import GOAL, START, ZERO, AgentProfile, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.cost_to_go import potentials
from stigmergy.graphs.overlay import HEALTHY, Condition, Overlay

_KEPT: Final = 64
"""Graphs whose weights at rest are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightModel:
    """How strongly each fact about an agent counts.

    ``price_floor_fraction`` in (0, 1]: an agent cheaper than this share of the dearest worst case in the graph (a free
    one, too) counts as costing that share. ``reference_latency_s`` > 0: the latency that doubles a weight.
    ``max_penalty`` >= 1: the most that each of reliability, rate limit and recovery may multiply a weight by.
    """

    price_floor_fraction: float = 0.01
    reference_latency_s: float = 1.0
    max_penalty: float = 100.0

    def penalty(self, share: float) -> float:
        """``1 / share``, within [1, max_penalty], for a share that is 1 when all is well."""
        return min(self.max_penalty, max(1.0, 1.0 / share)) if share > 0.0 else self.max_penalty


def node_weights(graph: AgentGraph, overlay: Overlay, model: WeightModel) -> Mapping[NodeId, float]:
    """The weight of entering each node: every edge into the node has it, so only incoming edges become infinite.

    For a node n with agent a, every factor being a penalty of at least 1::

        weight(n)    = price x latency x reliability x rate_limit x availability
        price        = max(1, worst_case_usd(a) / (price_floor_fraction x max over nodes of worst_case_usd))
        latency      = 1 + seconds(a) / reference_latency_s       seconds: smoothed if seen, else expected
        reliability  = min(max_penalty, 1 / success_rate(a))      the expected number of attempts
        rate_limit   = min(max_penalty, 1 / (1 - rate_used(a)))
        availability = min(max_penalty, 1 / recovery(a)), or infinity when a is unavailable

    Prices enter as shares of the dearest one: multiplying all of them by 1000 changes no weight. A fan-out weighs the
    sum over its required branches of their lightest ways, prices measured against the whole graph's dearest agent.

    Returns:
        A dimensionless weight for every node but START; GOAL weighs 0.
    """
    return _weights(graph, overlay, model, _floor(graph, model.price_floor_fraction))


def _weights(graph: AgentGraph, overlay: Overlay, model: WeightModel, floor: Decimal) -> dict[NodeId, float]:
    weights = dict(_at_rest(graph, model, floor))
    prices = _prices(graph, floor)
    for agent, condition in overlay.conditions.items():
        for node in graph.places.get(agent, ()):
            strain = _strain(graph.profile(node), condition, model) if condition.available else inf
            weights[node] = prices[node] * strain
    for node in graph.branches:
        arms = graph.required(node).values()
        weights[node] = sum(potentials(arm, _weights(arm, overlay, model, floor))[START] for arm in arms)
    return weights


@lru_cache(maxsize=_KEPT)
def _at_rest(graph: AgentGraph, model: WeightModel, floor: Decimal) -> Mapping[NodeId, float]:
    """The weights of agents that are healthy and idle: only what a condition says is left to be worked out."""
    prices = _prices(graph, floor)
    return {GOAL: 0.0, **{n: price * _strain(graph.profile(n), HEALTHY, model) for n, price in prices.items()}}


@lru_cache(maxsize=_KEPT)
def _prices(graph: AgentGraph, floor: Decimal) -> Mapping[NodeId, float]:
    """The price factor of every agent's node."""
    own = (node for node in graph.nodes if node not in graph.branches)
    return {node: max(1.0, float(graph.worst_case(node).usd / floor)) if floor else 1.0 for node in own}


@lru_cache(maxsize=_KEPT)
def _floor(graph: AgentGraph, fraction: float) -> Decimal:
    return _dearest(graph) * Decimal(str(fraction))


def _dearest(graph: AgentGraph) -> Decimal:
    """The greatest worst case of an agent, in the branches too."""
    own = (graph.worst_case(node).usd for node in graph.nodes if node not in graph.branches)
    arms = (_dearest(arm) for arms in graph.branches.values() for arm in arms.values())
    return max((*own, *arms), default=ZERO)


def _strain(profile: AgentProfile, condition: Condition, model: WeightModel) -> float:
    """The product of every penalty but price, for an available agent."""
    seconds = profile.expected_latency_s if condition.response_s is None else condition.response_s
    return (
        (1.0 + seconds / model.reference_latency_s)
        * model.penalty(condition.success_rate)
        * model.penalty(1.0 - condition.rate_used)
        * model.penalty(condition.recovery)
    )
