"""Mask, score and choose: what one hop costs with each router that needs no training."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from statistics import median
from typing import Final

from stigmergy.domain import NOTHING, START, Budget, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.overlay import Condition, Overlay
from stigmergy.graphs.shortest_path import shortest_path
from stigmergy.graphs.weights import WeightModel, node_weights
from stigmergy.routers import configs as c
from stigmergy.routers.base import RoutingState
from stigmergy.routers.catalog import build_router, build_selection
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.query_features import FeatureReader, HashedNgrams
from stigmergy.routers.selection import select

_POSITIONS: Final = 32
_BUDGET: Final = Budget(Decimal(1_000_000), 10**9, 10**6)
Hop = Callable[[NodeId], object]


def routers_of(graph: AgentGraph) -> Mapping[str, c.RouterConfig]:
    """Every router of the catalog that scores without having been trained, by its kind."""
    lightest = shortest_path(graph, START, node_weights(graph, Overlay(), WeightModel()))
    route = () if lightest is None else lightest.nodes
    configs: Sequence[c.RouterConfig] = (
        c.RandomConfig(),
        c.RoundRobinConfig(),
        c.LeastLoadedConfig(),
        c.CheapestConfig(),
        c.DearestConfig(),
        c.FirstLargeConfig(),
        c.FixedPathConfig(route=route),
        c.DijkstraConfig(),
        c.AntColonyConfig(),
        c.BanditConfig(),
    )
    return {config.kind: config for config in configs}


def hop_us(graph: AgentGraph, config: c.RouterConfig, rounds: int, seed: int) -> float:
    """Microseconds of processor time per hop: the median round, each of them over the same drawn positions.

    Every agent has a condition that was seen, none is down. What is worked out once per graph and health version is
    there after the first round, which does not count.
    """
    rng = random.Random(seed)
    hop = _hop(graph, config, _overlay(graph, rng), rng)
    ahead_of_last = [node for node in graph.order[:-1] if len(graph.successors(node)) > 1]
    positions = rng.sample(ahead_of_last, min(_POSITIONS, len(ahead_of_last)))
    taken = [_round_us(hop, positions) for _ in range(rounds + 1)]
    return median(taken[1:])


def _hop(graph: AgentGraph, config: c.RouterConfig, overlay: Overlay, rng: random.Random) -> Hop:
    mask, router = Mask(), build_router(config.kind, config)
    selection, query = build_selection(config.selection), FeatureReader(HashedNgrams()).read("What is 17 times 23?")

    def hop(position: NodeId) -> object:
        masked = mask.candidates(graph, position, spent=NOTHING, budget=_BUDGET, overlay=overlay)
        state = RoutingState(
            query=query,
            graph=graph,
            position=position,
            candidates=masked.candidates,
            overlay=overlay,
            budget=_BUDGET,
        )
        return select(config.kind, router.scores(state), len(masked.candidates), selection, rng)

    return hop


def _round_us(hop: Hop, positions: Sequence[NodeId]) -> float:
    begin = time.process_time()
    for position in positions:
        hop(position)
    return (time.process_time() - begin) / len(positions) * 1e6


def _overlay(graph: AgentGraph, rng: random.Random) -> Overlay:
    return Overlay(
        1,
        {
            agent: Condition(
                success_rate=rng.uniform(0.8, 1.0), response_s=rng.uniform(0.1, 3.0), load=rng.randrange(4)
            )
            for agent in sorted(graph.agents)
        },
    )
