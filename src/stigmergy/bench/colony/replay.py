"""Episodes of a colony over worked tasks: its own scores, selections and learning, and no program run again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.bench.colony.worked_tasks import Route, WorkedTask
from stigmergy.domain import GOAL, START, NodeId, Usage
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.learning.colony.warm_up import learn_in_ticks
from stigmergy.routers.ant_colony import AntColonyRouter
from stigmergy.routers.base import Candidate, Outcome, RoutingState, StepOutcome
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.price_range import price_range
from stigmergy.routers.selection import Greedy, Selection, choose

Figures = NDArray[np.float64]
_GREEDY: Final = Greedy()


@dataclass(frozen=True, slots=True)
class Judged:
    """Quality and cost of a set of tasks, shape (Q,); cost as its standing: 0 the cheapest route's, 1 the dearest's."""

    quality: Figures
    cost: Figures


class ColonyReplay:
    """A graph whose agents are all healthy, so that its candidates are worked out once."""

    def __init__(self, graph: AgentGraph) -> None:
        self._graph = graph
        self._mask = Mask()
        self._candidates: dict[NodeId, tuple[Candidate, ...]] = {}
        self._usd = {node: graph.worst_case(node).usd for node in graph.nodes}
        self._prices = price_range(graph)

    def teach(
        self,
        router: AntColonyRouter,
        tasks: Sequence[WorkedTask],
        selection: Selection,
        judged_fraction: float,
        tick_episodes: int,
        rng: random.Random,
    ) -> None:
        """Let the colony explore the tasks one after the other, of which a random share is judged, and learn."""
        for place, task in enumerate(tasks):
            route = self.route(router, task, selection, rng)
            judged = rng.random() < judged_fraction
            outcome = self.outcome(task, route, f"ep_{place}", judged_fraction if judged else None)
            learn_in_ticks(router, outcome, tick_episodes)

    def judge(self, router: AntColonyRouter, tasks: Sequence[WorkedTask]) -> Judged:
        """How the colony does with its best scores, learning nothing."""
        rng = random.Random(0)
        routes = [self.route(router, task, _GREEDY, rng) for task in tasks]
        quality = [task.quality[route] for task, route in zip(tasks, routes, strict=True)]
        cost = [self._prices.standing(float(self._cost(route))) for route in routes]
        return Judged(np.array(quality), np.array(cost))

    def route(self, router: AntColonyRouter, task: WorkedTask, selection: Selection, rng: random.Random) -> Route:
        """The route of one episode."""
        position, route = START, list[NodeId]()
        while True:
            candidates = self._candidates_at(position)
            state = RoutingState(query=task.features, graph=self._graph, position=position, candidates=candidates)
            chances = selection.probabilities(router.scores(state).values)
            position = candidates[choose(chances, rng)].node
            if position == GOAL:
                return tuple(route)
            route.append(position)

    def outcome(self, task: WorkedTask, route: Route, episode: str, judged: float | None) -> Outcome:
        """What the engine would have told the router; ``judged``: with which probability it was, None: it was not."""
        prefixes = [route[: end + 1] for end in range(len(route))]
        verdicts = [*(task.steps[prefix].verdict for prefix in prefixes[1:]), None]
        steps = tuple(
            StepOutcome(
                source=source,
                node=node,
                agent=self._graph.profile(node).id,
                usage=Usage(usd=self._usd[node]),
                judgement=verdict,
                answered=task.steps[prefix].answered,
            )
            for (source, node), prefix, verdict in zip(pairwise((START, *route)), prefixes, verdicts, strict=True)
        )
        return Outcome(
            episode_id=episode,
            graph=self._graph.name,
            mixture=task.features.mixture,
            steps=steps,
            quality=None if judged is None else task.quality[route],
            cost_usd=float(self._cost(route)),
            judged_probability=1.0 if judged is None else judged,
        )

    def _candidates_at(self, position: NodeId) -> tuple[Candidate, ...]:
        if position not in self._candidates:
            self._candidates[position] = self._mask.candidates(self._graph, position).candidates
        return self._candidates[position]

    def _cost(self, route: Route) -> Decimal:
        return sum((self._usd[node] for node in route), Decimal(0))
