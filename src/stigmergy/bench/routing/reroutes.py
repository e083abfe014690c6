"""The way on after agents fell out: this repair beside Dijkstra of networkx and of SciPy, on the same graphs.

Ours is measured as healing does it: from conditions to weights to a path that keeps the budget. The peers start from
weights that are there, close what is down, and give the path.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import inf, isclose
from statistics import median
from typing import Any, Final

import networkx as nx
import numpy as np

from stigmergy.domain import GOAL, NOTHING, START, AgentId, Budget, NodeId
from stigmergy.errors import StigmergyError
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.overlay import Condition, Overlay
from stigmergy.graphs.repair_path import repair_path
from stigmergy.graphs.weights import WeightModel, node_weights

_SHARE_DOWN: Final = 0.01
_BUDGET: Final = Budget(Decimal(1_000_000), 10**9, 10**6)
_MODEL: Final = WeightModel()
Down = frozenset[AgentId]
Reroute = Callable[[Down], float]
"""Finds the lightest path round the agents that are down, and gives its weight."""


class PathsDiffer(StigmergyError):
    """Two systems found paths of different weight: one of them is wrong, and no figure counts."""

    code = "paths_differ"


def reroute_ms(graph: AgentGraph, rounds: int, seed: int) -> Mapping[str, float]:
    """Median milliseconds of processor time of one reroute, by system; one agent in a hundred is down, drawn anew.

    Raises:
        PathsDiffer: the systems do not agree.
    """
    rng = random.Random(seed)
    systems = {"stigmergy": _ours(graph), "networkx": _networkx(graph), "scipy": _scipy(graph)}
    agents = sorted(graph.agents)
    taken: dict[str, list[float]] = {name: [] for name in systems}
    for turn in range(rounds + 1):
        down = frozenset(rng.sample(agents, max(1, round(_SHARE_DOWN * len(agents)))))
        found = {}
        for name in rng.sample(sorted(systems), len(systems)):
            begin = time.process_time()
            found[name] = systems[name](down)
            taken[name].append((time.process_time() - begin) * 1000)
        if not all(isclose(weight, found["scipy"], rel_tol=1e-9) for weight in found.values()):
            raise PathsDiffer(f"in turn {turn} the lightest paths weigh {found}")
    return {name: median(times[1:]) for name, times in taken.items()}


def _ours(graph: AgentGraph) -> Reroute:
    def reroute(down: Down) -> float:
        overlay = Overlay(1, {agent: Condition(available=False) for agent in down})
        path = repair_path(graph, START, node_weights(graph, overlay, _MODEL), _BUDGET.allows, NOTHING)
        return inf if path is None else path.weight

    return reroute


def _networkx(graph: AgentGraph) -> Reroute:
    weights = node_weights(graph, Overlay(), _MODEL)

    def reroute(down: Down) -> float:
        closed = graph.nodes_with(down)

        def weight(_source: NodeId, target: NodeId, _edge: Any) -> float | None:
            return None if target in closed else weights[target]

        try:
            path = nx.dijkstra_path(graph.digraph, START, GOAL, weight)
        except nx.NetworkXNoPath:
            return inf
        return sum(weights[node] for node in path[1:])

    return reroute


def _scipy(graph: AgentGraph) -> Reroute:
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    place = {node: number for number, node in enumerate(graph.order)}
    weights = node_weights(graph, Overlay(), _MODEL)
    targets = np.array([place[target] for node in graph.order for target in graph.successors(node)])
    starts = np.cumsum([0, *(len(graph.successors(node)) for node in graph.order)])
    # SciPy takes 0 for a missing edge, so that GOAL weighs next to nothing.
    entering = np.array([weights.get(node, 0.0) for node in graph.order]).clip(min=1e-12)
    goal = place[GOAL]

    def reroute(down: Down) -> float:
        now = entering.copy()
        now[[place[node] for node in graph.nodes_with(down)]] = inf
        matrix = csr_matrix((now[targets], targets, starts), shape=(len(entering), len(entering)))
        far, before = dijkstra(matrix, indices=place[START], return_predecessors=True)
        path = [goal]
        while before[path[-1]] >= 0:
            path.append(int(before[path[-1]]))
        return float(far[goal])

    return reroute
