"""The project's own routers as contestants of a replay over routes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.learning.evaluation.contestant import Contestant, Played
from stigmergy.platform.learning.evaluation.splitting import Split
from stigmergy.platform.learning.paths.route_log import RouteLog
from stigmergy.platform.learning.paths.walking import Rider, Walker
from stigmergy.routers import configs as c
from stigmergy.routers.ant_colony import AntColonyRouter
from stigmergy.routers.catalog import build_colony, build_router, build_selection
from stigmergy.routers.selection import Greedy, Proportional

BY_HOP: Final = "hops "
"""Before the name of a router that chooses hop by hop, to tell it from one that takes whole routes for arms."""
PRICES_OF_COST: Final = (0.0, 0.1, 0.3, 1.0, 3.0)
"""What going from the cheapest to the dearest route is worth in quality: the trade-off of a colony."""
EPISODES: Final = 1_500
"""Learning episodes of a colony where not said otherwise."""
TICK_EPISODES: Final = 25
"""Trails evaporate after so many, as where nothing else is configured."""


class Unlearning:
    """A router that learns nothing: one policy, walked once over every query."""

    def __init__(self, walker: Walker, rows: Sequence[int], rider: Rider, description: str, seed: int) -> None:
        self.description: Final = description
        rng = random.Random(f"{seed} {rider.name}")
        self._played = played(walker, rows, [rider], rng)

    def play(self, _split: Split) -> Played:
        """See ``Contestant``; the same on every split."""
        return self._played


class Colony:
    """An ant colony at several prices of cost; each learns on the learning queries, exploring, then goes greedily.

    Its vertices are chosen by walks over the queries that it has learnt from, not out of fold: it is cheaper, and what
    suffers is the choice among its own points alone.
    """

    def __init__(
        self,
        walker: Walker,
        graph: AgentGraph,
        rows: Sequence[int],
        config: c.AntColonyConfig,
        seed: int,
        episodes: int,
    ) -> None:
        self.description: Final = f"ant colony: {episodes} learning episodes at each of {PRICES_OF_COST} as cost_weight"
        self._walker, self._graph, self._rows = walker, graph, rows
        self._config, self._seed, self._episodes = config, seed, episodes

    def play(self, split: Split) -> Played:
        """See ``Contestant``."""
        rng = random.Random(f"{self._seed} colony")
        known = [self._rows[row] for row in split.learning]
        riders = [Rider("colony", self._learnt(known, price, rng), Greedy()) for price in PRICES_OF_COST]
        return played(self._walker, self._rows, riders, rng)

    def _learnt(self, known: Sequence[int], price: float, rng: random.Random) -> AntColonyRouter:
        router = build_colony("colony", replace(self._config, colony="", cost_weight=price))
        router.meet(self._graph)
        exploring = Rider("colony", router, Proportional())
        for number, query in enumerate(_rounds(known, self._episodes, rng), start=1):
            endings = self._walker.walk(query, exploring, rng)
            (ending,) = rng.choices(endings, [each.share for each in endings])
            router.learn(self._walker.lesson(query, ending))
            if number % TICK_EPISODES == 0:
                router.collect()
                router.adopt(router.ticked(router.trails))
        return router


def _rounds(known: Sequence[int], episodes: int, rng: random.Random) -> Sequence[int]:
    """So many queries, each round in an order of its own."""
    drawn: list[int] = []
    while len(drawn) < episodes:
        drawn += rng.sample(known, len(known))
    return drawn[:episodes]


def played(walker: Walker, rows: Sequence[int], riders: Sequence[Rider], rng: random.Random) -> Played:
    """Every rider over every query."""
    walked = [[walker.expected(walker.walk(row, rider, rng)) for rider in riders] for row in rows]
    figures = np.array([[(each.quality, each.cost) for each in line] for line in walked], dtype=np.float32)
    return Played(figures[:, :, 0], figures[:, :, 1])


def contestants(
    log: RouteLog,
    graph: AgentGraph,
    kept: Sequence[str],
    routers: Mapping[str, c.RouterConfig],
    *,
    seed: int,
    episodes: int = EPISODES,
) -> dict[str, Contestant]:
    """Configured routers by name.

    Args:
        log: what they walk on.
        graph: ``route_graph(log)``.
        kept: ids of the queries of the replay, in its order.
        routers: configs by name.
        seed: of all that is drawn.
        episodes: that a colony learns from, at each price of cost.
    """
    place = {query: row for row, query in enumerate(log.queries.ids)}
    rows = [place[query] for query in kept]
    walker = Walker(log, graph)
    found: dict[str, Contestant] = {}
    for name, config in routers.items():
        if isinstance(config, c.AntColonyConfig):
            found[BY_HOP + name] = Colony(walker, graph, rows, config, seed, episodes)
        else:
            rider = Rider(name, build_router(name, config), build_selection(config.selection))
            found[BY_HOP + name] = Unlearning(walker, rows, rider, f"{config.kind}, hop by hop", seed)
    return found
