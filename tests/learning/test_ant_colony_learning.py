"""A world whose best route differs by task type: the colony has to find each of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import permutations

import numpy as np
import pytest

from stigmergy.domain import GOAL, START, AgentProfile, NodeId, Price, TaskType, Usage
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.graphs.pheromones import NO_TRAILS
from stigmergy.graphs.shortest_path import all_paths
from stigmergy.graphs.trail_delta import TrailDelta, merge
from stigmergy.routers.ant_colony import AntColonyRouter
from stigmergy.routers.base import Outcome, QueryFeatures, RoutingState, StepOutcome
from stigmergy.routers.catalog import build_router, build_selection
from stigmergy.routers.configs import AntColonyConfig, GreedyConfig
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.selection import Selection, select

PRICES = {"r1": 1, "r2": 2, "r3": 4, "s1": 2, "s2": 5, "s3": 8, "c1": 1, "c2": 2}
SKILL: dict[TaskType, dict[NodeId, float]] = {
    "math": {"r1": 0.95, "r2": 0.6, "r3": 0.5, "s1": 0.3, "s2": 0.95, "s3": 0.5, "c1": 0.95, "c2": 0.6},
    "code": {"r1": 0.4, "r2": 0.5, "r3": 0.97, "s1": 0.3, "s2": 0.3, "s3": 0.98, "c1": 0.5, "c2": 0.97},
    "dates": {"r1": 0.5, "r2": 0.96, "r3": 0.4, "s1": 0.96, "s2": 0.4, "s3": 0.4, "c1": 0.55, "c2": 0.97},
}
"""Chance that an agent does its part of a task; the task succeeds when all three do."""
TYPES = tuple(SKILL)
EPISODES = 300
SEED = 0


@pytest.fixture(scope="module")
def graph() -> AgentGraph:
    profiles = {a: AgentProfile(id=a, price=Price(per_call=Decimal(usd) / 1000)) for a, usd in PRICES.items()}
    return AgentGraph("world", GraphSpec(stages=(("r1", "r2", "r3"), ("s1", "s2", "s3"), ("c1", "c2"))), profiles)


def expected_utility(route: Sequence[NodeId], task_type: TaskType, cost_weight: float) -> float:
    """Chance of success less weighted cost, cost 0 at the cheapest route (4) and 1 at the dearest (14)."""
    chance = float(np.prod([SKILL[task_type][node] for node in route]))
    return chance * (1.0 - cost_weight * (sum(PRICES[node] for node in route) - 4) / 10)


def walk(ants: AntColonyRouter, graph: AgentGraph, task_type: TaskType, by: Selection, rng: random.Random) -> list[str]:
    query = QueryFeatures(np.zeros(4, np.float32), {task_type: 1.0}, 0.5, "test")
    position, route, mask = START, list[NodeId](), Mask()
    while position != GOAL:
        candidates = mask.candidates(graph, position).candidates
        at = RoutingState(query=query, graph=graph, position=position, candidates=candidates)
        position = candidates[select("ants", ants.scores(at), len(candidates), by, rng).index].node
        route.append(position)
    return route[:-1]


def episode(route: list[NodeId], task_type: TaskType, rng: random.Random) -> Outcome:
    done = all(rng.random() < SKILL[task_type][node] for node in route)
    hops = zip((START, *route), route, strict=False)
    return Outcome(
        episode_id="e",
        graph="world",
        mixture={task_type: 1.0},
        steps=tuple(
            StepOutcome(source=source, node=node, agent=node, usage=Usage(latency_s=0.1), judgement=None)
            for source, node in hops
        ),
        quality=float(done),
        cost_usd=sum(PRICES[node] for node in route) / 1000,
    )


def untaught(graph: AgentGraph, config: AntColonyConfig | None = None) -> AntColonyRouter:
    ants = build_router("ants", config or AntColonyConfig())
    assert isinstance(ants, AntColonyRouter)
    ants.meet(graph)
    return ants


def learn(ants: AntColonyRouter, graph: AgentGraph, seed: int, episodes: int = EPISODES) -> Iterator[None]:
    """Run episodes; yields after each."""
    rng, by = random.Random(seed), build_selection(AntColonyConfig().selection)
    for number in range(episodes):
        task_type = TYPES[number % len(TYPES)]
        ants.learn(episode(walk(ants, graph, task_type, by, rng), task_type, rng))
        yield


def greedy_routes(ants: AntColonyRouter, graph: AgentGraph) -> dict[TaskType, tuple[NodeId, ...]]:
    by = build_selection(GreedyConfig())
    return {t: tuple(walk(ants, graph, t, by, random.Random(0))) for t in TYPES}


@pytest.fixture(scope="module")
def best(graph: AgentGraph) -> dict[TaskType, tuple[NodeId, ...]]:
    weight = AntColonyConfig().cost_weight

    def best_for(task_type: TaskType) -> tuple[NodeId, ...]:
        return max(all_paths(graph), key=lambda route: expected_utility(route, task_type, weight))

    return {task_type: best_for(task_type) for task_type in TYPES}


def taught(graph: AgentGraph, seed: int) -> AntColonyRouter:
    ants = untaught(graph)
    for _ in learn(ants, graph, seed):
        pass
    return ants


def test_the_greedy_route_becomes_the_optimum_of_every_task_type(
    graph: AgentGraph, best: dict[TaskType, tuple[NodeId, ...]]
) -> None:
    assert best == {"math": ("r1", "s2", "c1"), "code": ("r3", "s3", "c2"), "dates": ("r2", "s1", "c2")}
    assert greedy_routes(taught(graph, seed=SEED), graph) == best


def test_over_many_seeds_little_is_lost_to_the_optimum(
    graph: AgentGraph, best: dict[TaskType, tuple[NodeId, ...]]
) -> None:
    weight, reached, found = AntColonyConfig().cost_weight, list[float](), 0
    for seed in range(12):
        routes = greedy_routes(taught(graph, seed), graph)
        found += sum(routes[t] == best[t] for t in TYPES)
        reached += [expected_utility(routes[t], t, weight) / expected_utility(best[t], t, weight) for t in TYPES]
    assert found >= 0.8 * 12 * len(TYPES)
    assert float(np.mean(reached)) > 0.9


def test_the_same_seed_leaves_the_same_trails(graph: AgentGraph) -> None:
    twins = untaught(graph), untaught(graph)
    for ants in twins:
        for _ in learn(ants, graph, seed=7, episodes=60):
            pass
    assert twins[0].trails == twins[1].trails


def test_deltas_handed_over_in_pieces_add_up_to_one_replicas_trails_in_any_order(graph: AgentGraph) -> None:
    whole, pieces = untaught(graph), untaught(graph)
    for _ in learn(whole, graph, seed=5, episodes=40):
        pass
    deltas = [delta for _ in learn(pieces, graph, seed=5, episodes=40) if (delta := pieces.collect()) is not None]
    expected = whole.collect()
    assert expected is not None
    shuffled = random.Random(1).sample(deltas, len(deltas))
    for order in (deltas, deltas[::-1], shuffled):
        assert_alike(sum_of(order), expected)


def test_replicas_merge_to_the_same_trails_whoever_reports_first(graph: AgentGraph) -> None:
    deltas = []
    for seed in (11, 12, 13):
        replica = untaught(graph)
        for _ in learn(replica, graph, seed, episodes=30):
            pass
        delta = replica.collect()
        assert delta is not None
        deltas.append(delta)
    first, *others = (sum_of(order) for order in permutations(deltas))
    for other in others:
        assert_alike(other, first)
    shared = untaught(graph)
    shared.adopt(NO_TRAILS.apply(first))
    assert shared.trails.total.episodes == 90


def test_two_replicas_with_half_the_episodes_each_equal_one_with_all_under_the_published_rule(
    graph: AgentGraph,
) -> None:
    rng, types = random.Random(4), TYPES * 20
    routes = [tuple(rng.choice(stage) for stage in (("r1", "r2"), ("s1", "s2"), ("c1", "c2"))) for _ in types]
    told = [episode(list(route), t, rng) for route, t in zip(routes, types, strict=True)]
    one, left, right = (untaught(graph, AntColonyConfig(rule="amro")) for _ in range(3))
    for number, outcome in enumerate(told):
        one.learn(outcome)
        (left if number % 2 else right).learn(outcome)
    halves = [delta for ants in (left, right) if (delta := ants.collect()) is not None]
    assert_alike(merge(*halves), one.trails.total)


def sum_of(deltas: Sequence[TrailDelta]) -> TrailDelta:
    trails = NO_TRAILS
    for delta in deltas:
        trails = trails.apply(delta)
    return trails.total


def assert_alike(found: TrailDelta, expected: TrailDelta) -> None:
    assert found.episodes == expected.episodes
    for table in ("log_tau", "tau", "successes", "trials"):
        one, other = getattr(found, table), getattr(expected, table)
        assert one.keys() == other.keys()
        for key, row in one.items():
            assert row == pytest.approx(other[key], abs=1e-9)
    assert found.utility_sum == pytest.approx(expected.utility_sum)
