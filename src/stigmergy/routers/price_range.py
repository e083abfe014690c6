"""Where a price stands between the cheapest and the dearest route of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import inf

from stigmergy.domain import START, AgentId, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.cost_to_go import dearest_potentials, potentials
from stigmergy.routers.recent import Recent


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Worst-case prices of a graph in units that do not depend on the currency (METHODS M6).

    ``unit_usd`` is the dearest node's price and ``shares`` the nodes' prices in it, so that prices times 1000 give the
    very same floats. ``cheapest`` and ``dearest`` are the least and greatest sums of shares of a route.
    """

    unit_usd: Decimal
    shares: Mapping[NodeId, float]
    cheapest: float
    dearest: float

    @property
    def span(self) -> float:
        """``dearest - cheapest``, or 1 where every route has the same price."""
        return (self.dearest - self.cheapest) or 1.0

    def in_spans(self, usd: Decimal) -> float:
        """A price as a multiple of ``span``."""
        return float(usd / self.unit_usd) / self.span

    def standing(self, usd: float) -> float:
        """``(usd - C_cheapest) / (C_dearest - C_cheapest)`` of what a route cost (METHODS M4).

        Not clipped: real costs lie below worst cases, and only their differences count. 0 where all routes have one
        price.
        """
        if self.dearest == self.cheapest:
            return 0.0
        return (usd / float(self.unit_usd) - self.cheapest) / self.span


def price_range(graph: AgentGraph) -> PriceRange:
    """The range of a graph whose agents are all available; raises InvalidFanOut for a graph with fan-outs."""
    usd = {node: graph.worst_case(node).usd for node in graph.nodes}
    unit = max(usd.values(), default=Decimal(0)) or Decimal(1)
    shares = {node: float(price / unit) for node, price in usd.items()}
    return PriceRange(unit, shares, potentials(graph, shares)[START], dearest_potentials(graph, shares)[START])


class PriceRanges:
    """Price ranges and dearest ways of the graphs met lately, computed once each."""

    def __init__(self) -> None:
        self._ranges: Recent[str, PriceRange] = Recent(64)
        self._dearest: Recent[tuple[str, frozenset[AgentId]], Mapping[NodeId, float]] = Recent(64)

    def of(self, graph: AgentGraph) -> PriceRange:
        """The graph's price range."""
        return self._ranges.get(graph.version, lambda: price_range(graph))

    def dearest_ahead(self, graph: AgentGraph, down: frozenset[AgentId]) -> Mapping[NodeId, float]:
        """The greatest sum of shares from each node to GOAL, its own left out, round the agents that are down."""

        def search() -> Mapping[NodeId, float]:
            closed = graph.nodes_with(down)
            shares = self.of(graph).shares
            return dearest_potentials(graph, {n: -inf if n in closed else share for n, share in shares.items()})

        return self._dearest.get((graph.version, down), search)
