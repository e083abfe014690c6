"""The workbench worked out once, and a colony that walks through it."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from stigmergy.agents.workbench.tasks import generate_tasks
from stigmergy.bench.colony.replay import ColonyReplay
from stigmergy.bench.colony.report import Workbench, open_workbench, warmed_up
from stigmergy.bench.colony.stress import run_load
from stigmergy.bench.colony.sweep import AS_CONFIGURED, TaskSets, best_of, points_round, resampled, sweep
from stigmergy.bench.colony.worked_tasks import WorkedTask
from stigmergy.domain import START
from stigmergy.graphs.pheromones import NO_TRAILS
from stigmergy.platform.learning.colony.warm_up import fresh_colony
from stigmergy.routers.configs import FixedPathConfig

BEST = ("study", "polymath", "audit", "polish")
TASKS = 18


@pytest.fixture(scope="module")
def bench() -> Workbench:
    return open_workbench()


@pytest.fixture(scope="module")
def worked(bench: Workbench) -> tuple[WorkedTask, ...]:
    return bench.worked("learning", TASKS, lambda _told: None)


async def test_a_route_is_worth_what_the_engine_makes_of_it(bench: Workbench, worked: tuple[WorkedTask, ...]) -> None:
    settings = replace(bench.settings, routers={"best": FixedPathConfig(route=BEST)})
    tasks = generate_tasks(410_001, TASKS)
    load = await run_load(settings, "best", tasks, NO_TRAILS, 0, at_once=4)
    assert load.quality == tuple(task.quality[BEST] for task in worked)
    assert (load.completed, load.learnt) == (TASKS, 0)
    assert sum(load.quality) > TASKS / 2


def test_a_replayed_episode_tells_what_an_episode_of_the_engine_tells(
    bench: Workbench, worked: tuple[WorkedTask, ...]
) -> None:
    replay = ColonyReplay(bench.graph)
    told = replay.outcome(worked[0], BEST, "ep", 0.5)
    assert [(step.source, step.node) for step in told.steps] == list(zip((START, *BEST), BEST, strict=False))
    assert told.steps[1].judgement == worked[0].steps[BEST[:3]].verdict
    assert told.cost_usd == pytest.approx(0.001)
    assert (told.quality, told.judged_probability) == (worked[0].quality[BEST], 0.5)
    assert replay.outcome(worked[0], BEST, "ep", None).quality is None


def test_only_judged_episodes_are_learnt_from(bench: Workbench, worked: tuple[WorkedTask, ...]) -> None:
    learnt = {}
    for share in (0.0, 0.5, 1.0):
        router = fresh_colony(bench.colony, bench.graph)
        ColonyReplay(bench.graph).teach(router, worked, bench.selection, share, 25, random.Random(3))
        learnt[share] = router.trails.total.episodes
    assert learnt[0.0] == 0 < learnt[0.5] < learnt[1.0] == TASKS


def test_a_sweep_is_measured_against_its_first_point_and_repeats_itself(
    bench: Workbench, worked: tuple[WorkedTask, ...]
) -> None:
    sets = TaskSets(learning=worked, choosing=worked[:6], fresh=worked[6:])
    points = [each for each in points_round(bench.colony) if each.constant in (AS_CONFIGURED, "judged", "rule")]
    first, again = (sweep(bench.graph, points, sets, 25, 2, lambda _told: None) for _ in range(2))
    assert first == again
    assert [each.point for each in first] == points
    assert (first[0].versus.low, first[0].versus.high) == (0.0, 0.0)
    fully_judged = [each for each in first if each.point.judged_fraction == 1.0]
    assert best_of(first).choosing_utility == max(each.choosing_utility for each in fully_judged)


def test_every_point_differs_from_the_configured_colony_in_its_constant_alone(bench: Workbench) -> None:
    first, *others = points_round(bench.colony)
    assert first.config == bench.colony
    assert all(point.config != bench.colony or point.judged_fraction < 1.0 for point in others)
    assert len({(point.constant, point.value) for point in others}) == len(others)
    assert {point.constant for point in others} >= {"alpha", "beta", "rho", "bounds", "step_size", "judged", "rule"}


def test_an_interval_over_seeds_and_tasks_holds_its_mean() -> None:
    values = np.random.default_rng(0).normal(size=(6, 40))
    found = resampled(values)
    assert found.mean == pytest.approx(values.mean())
    assert found.low < found.mean < found.high


async def test_many_at_once_and_one_by_one_end_the_same_way(bench: Workbench, worked: tuple[WorkedTask, ...]) -> None:
    trails = warmed_up(bench, worked, 0)
    tasks = generate_tasks(410_009, TASKS)
    for at_once in (1, TASKS):
        load = await run_load(bench.settings, "ant_colony_greedy", tasks, trails, 0, at_once=at_once)
        assert (load.completed, load.learnt, len(load.quality)) == (TASKS, TASKS, TASKS)
