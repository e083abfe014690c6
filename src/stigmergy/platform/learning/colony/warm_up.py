"""A colony that learns from outcomes as it would have while serving: in their order, with the same ticks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.pheromones import Trails
from stigmergy.routers.ant_colony import AntColonyRouter
from stigmergy.routers.base import Outcome
from stigmergy.routers.catalog import build_colony
from stigmergy.routers.configs import AntColonyConfig, TableAbilitiesConfig


def fresh_colony(config: AntColonyConfig, graph: AgentGraph) -> AntColonyRouter:
    """A colony of these rules that knows the graph's prices, and nothing else yet.

    Where abilities are presumed from does not matter to what is deposited, so no model is loaded for it.
    """
    router = build_colony("colony", replace(config, artifact=None, abilities=TableAbilitiesConfig()))
    router.meet(graph)
    return router


def warm_up(router: AntColonyRouter, outcomes: Iterable[Outcome], tick_episodes: int) -> Trails:
    """Learn from outcomes, with a tick after every ``tick_episodes`` episodes that taught something.

    Args:
        router: that has met the graph; it goes on from the trails that it has.
        outcomes: oldest first. Those that nobody judged teach nothing, and count for no tick.
        tick_episodes: as ``coordination.tick_episodes``.
    """
    for outcome in outcomes:
        learn_in_ticks(router, outcome, tick_episodes)
    return router.trails


def learn_in_ticks(router: AntColonyRouter, outcome: Outcome, tick_episodes: int) -> None:
    """Learn from one outcome, and do the upkeep if it is due: a coordinator's round, in one process."""
    before = router.trails.total.episodes
    router.learn(outcome)
    learnt = router.trails.total.episodes
    if learnt > before and learnt % tick_episodes == 0:
        router.collect()
        router.adopt(router.ticked(router.trails))
