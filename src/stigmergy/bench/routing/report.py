"""All figures of the bench in one document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stigmergy.bench.routing.hops import hop_us, routers_of
from stigmergy.bench.routing.reroutes import reroute_ms
from stigmergy.bench.routing.worlds import layered_graph

SIZES: Final = (20, 200, 2_000, 20_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingReport:
    """Figures by router or system, then by number of agents; ``edges`` by number of agents."""

    hop_us: Mapping[str, Mapping[int, float]]
    reroute_ms: Mapping[str, Mapping[int, float]]
    edges: Mapping[int, int]
    seed: int

    def document(self) -> dict[str, Any]:
        """JSON-compatible values."""
        return {
            "hop_us": _by_text(self.hop_us),
            "reroute_ms": _by_text(self.reroute_ms),
            "edges": {str(agents): edges for agents, edges in self.edges.items()},
            "seed": self.seed,
        }


def measure(sizes: Sequence[int], rounds: int, seed: int, told: Callable[[str], object]) -> RoutingReport:
    """Build a graph of each size and measure on it; ``told`` hears how far it is."""
    hops: dict[str, dict[int, float]] = {}
    reroutes: dict[str, dict[int, float]] = {}
    edges = {}
    for agents in sizes:
        told(f"a graph of {agents} agents")
        graph = layered_graph(agents, seed)
        edges[agents] = graph.digraph.number_of_edges()
        for name, config in routers_of(graph).items():
            told(f"{agents} agents: hops by {name}")
            hops.setdefault(name, {})[agents] = hop_us(graph, config, rounds, seed)
        told(f"{agents} agents: reroutes")
        for system, taken in reroute_ms(graph, rounds, seed).items():
            reroutes.setdefault(system, {})[agents] = taken
    return RoutingReport(hop_us=hops, reroute_ms=reroutes, edges=edges, seed=seed)


def _by_text(figures: Mapping[str, Mapping[int, float]]) -> dict[str, dict[str, float]]:
    return {name: {str(agents): value for agents, value in row.items()} for name, row in figures.items()}
