"""Acting in a route log again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL
from stigmergy.platform.learning.boundary import AlwaysSmall, FirstLarge, boundary_costs
from stigmergy.platform.learning.paths.log_making import Growing, Step
from stigmergy.platform.learning.paths.route_log import LoggedQueries, RouteLog
from stigmergy.platform.learning.rl.draws import LEVELS, Weather, budgets_at, draw, draw_on
from stigmergy.platform.learning.rl.play import play
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.rl.rewards import RewardTerms
from stigmergy.platform.learning.rl.route_source import RouteSource, route_source
from stigmergy.platform.learning.rl.sources import OutcomeSource

QUERIES = 20


@pytest.fixture(scope="module")
def log() -> RouteLog:
    """``quick`` passes in three of four runs and is done; else ``again``. ``slow`` leads to ``look``, or ends."""
    growing = Growing()
    for query in range(QUERIES):
        passed = growing.add(Step(query=query, node="quick", outcome="passed", runs=3, cost=0.001))
        growing.add(Step(query=query, node=GOAL, parent=passed, quality=1.0))
        missed = growing.add(Step(query=query, node="quick", outcome="missed", cost=0.001))
        again = growing.add(Step(query=query, node="again", parent=missed, cost=0.02))
        growing.add(Step(query=query, node=GOAL, parent=again, quality=0.5))
        slow = growing.add(Step(query=query, node="slow", cost=0.01))
        look = growing.add(Step(query=query, node="look", parent=slow, cost=0.003))
        growing.add(Step(query=query, node=GOAL, parent=look, quality=0.8))
        if query % 2 == 0:
            growing.add(Step(query=query, node=GOAL, parent=slow, quality=0.4))
    splits = np.array([("train", "train", "train", "val", "test")[query % 5] for query in range(QUERIES)], dtype=object)
    names = tuple(f"q{query:02}" for query in range(QUERIES))
    tasks = tuple(("even", "odd")[query % 2] for query in range(QUERIES))
    return growing.log(LoggedQueries(ids=names, texts=names, tasks=tasks, splits=splits), {"made": "0"})


@pytest.fixture(scope="module")
def routes(log: RouteLog) -> RouteSource:
    return route_source(log, "none", np.zeros((QUERIES, 2), dtype=np.float32))


def _env(source: OutcomeSource, size: int, weather: Weather | None = None, seed: int = 0) -> ReplayEnv:
    rows = np.arange(QUERIES)
    terms = RewardTerms(scale=boundary_costs(source, rows))
    return ReplayEnv(source, terms, rows, weather or Weather(), size=size, seed=seed)


class _AtRandom:
    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def choose(self, seen, observation, /):  # type: ignore[no-untyped-def]
        return np.where(seen.feasible, self._rng.random(seen.feasible.shape), -1.0).argmax(axis=1)


def test_the_cheapest_route_of_a_step_with_outcomes_is_priced_by_the_worst_of_them(routes: RouteSource) -> None:
    low, high = routes.price_range(np.arange(2))
    assert low.tolist() == [10_000_000, 13_000_000]
    assert high.tolist() == [21_000_000, 21_000_000]


def test_walking_a_route_costs_and_brings_what_the_log_says(routes: RouteSource) -> None:
    query = np.arange(QUERIES)
    _, high = routes.price_range(query)
    env = _env(routes, QUERIES)
    found = play(env, FirstLarge(), draw_on(routes, query, high, Weather(), np.random.default_rng(0)))
    assert (found.charged == 13_000_000).all()
    assert found.quality.tolist() == pytest.approx([0.8] * QUERIES)
    assert (found.hops == 3).all()


def test_outcomes_of_a_step_come_as_often_as_they_were_run(routes: RouteSource) -> None:
    lucks = np.linspace(0.0, 0.999, 400, dtype=np.float32)
    query, quick = np.zeros(400, dtype=np.int64), np.full(400, routes.spec.actions.index("quick"))
    rows = routes.call(query, routes.start(query), quick, lucks).state
    assert np.mean(routes.log.branches.outcome[rows] == "passed") == pytest.approx(0.75, abs=0.01)


def test_what_was_not_logged_behind_a_prefix_is_masked(routes: RouteSource) -> None:
    query = np.array([0, 1])
    slow = np.full(2, routes.spec.actions.index("slow"))
    state = routes.call(query, routes.start(query), slow, np.zeros(2, dtype=np.float32)).state
    open_ = routes.offers(query, state).open
    actions = np.array(routes.spec.actions)
    assert [actions[there].tolist() for there in open_] == [[GOAL, "look"], ["look"]]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), failing=st.sampled_from([0.0, 0.3]))
def test_no_walk_spends_more_than_its_budget_and_one_without_failures_reaches_an_end(
    routes: RouteSource, seed: int, failing: float
) -> None:
    weather = Weather(failure_rate=failing)
    env = _env(routes, 64, weather, seed)
    draws = draw(routes, np.arange(QUERIES), weather, 64, np.random.default_rng(seed))
    found = play(env, _AtRandom(seed), draws)
    assert (found.charged <= draws.budget).all()
    assert failing > 0.0 or not found.escalated.any()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_walk_sums_the_costs_of_the_branches_it_took(routes: RouteSource, log: RouteLog, seed: int) -> None:
    draws = draw(routes, np.arange(QUERIES), Weather(levels=(1.0,)), 32, np.random.default_rng(seed))
    found = play(_env(routes, 32), _AtRandom(seed), draws)
    leaves = np.flatnonzero(log.branches.node == log.goal)
    totals = {
        (int(log.branches.query[row]), _cost(log, int(row)), round(float(log.branches.quality[row]), 3))
        for row in leaves
    }
    walked = zip(draws.query.tolist(), found.charged.tolist(), found.quality.tolist(), strict=True)
    assert {(query, charged, round(quality, 3)) for query, charged, quality in walked} <= totals


def test_the_smallest_budget_allows_always_small_on_every_query(routes: RouteSource) -> None:
    query = np.arange(QUERIES)
    for level in LEVELS:
        budget = budgets_at(routes, query, level)
        found = play(
            _env(routes, QUERIES), AlwaysSmall(), draw_on(routes, query, budget, Weather(), np.random.default_rng(1))
        )
        assert not found.escalated.any()
        assert (found.charged <= budget).all()


def _cost(log: RouteLog, row: int) -> int:
    total = 0
    while row >= 0:
        total += int(np.ceil(log.branches.cost[row] * 1e9))
        row = int(log.branches.parent[row])
    return total
