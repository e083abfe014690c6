"""Routers on trees: what they are shown, where they may go, what it comes to."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.paths.log_making import Growing, Step
from stigmergy.platform.learning.paths.route_graph import route_graph
from stigmergy.platform.learning.paths.route_log import LoggedQueries, RouteLog
from stigmergy.platform.learning.paths.route_table import ARROW, select_routes, tabulate_routes
from stigmergy.platform.learning.paths.walking import Ending, Rider, Walker
from stigmergy.routers.base import RoutingState, Scores
from stigmergy.routers.baselines import RandomRouter
from stigmergy.routers.catalog import build_router
from stigmergy.routers.configs import FixedPathConfig
from stigmergy.routers.selection import Greedy, Softmax

MakeLog = Callable[..., RouteLog]


def follower(*route: str) -> Rider:
    return Rider("follower", build_router("follower", FixedPathConfig(route=route)), Greedy())


class Onlooker(RandomRouter):
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[RoutingState] = []

    def scores(self, state: RoutingState) -> Scores:
        self.seen.append(state)
        return super().scores(state)


@st.composite
def grown(draw: st.DrawFn) -> RouteLog:
    """Random trees over a few nodes in stages, with several outcomes and missing branches."""
    growing = Growing()

    def go_on(query: int, parent: int, stage: int) -> None:
        nodes = [f"{stage}{letter}" for letter in "abc"]
        for node in draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=2, unique=True)) if stage < 3 else ():
            for outcome in range(draw(st.integers(1, 2))):
                cost, runs = draw(st.floats(0, 1)), draw(st.integers(1, 5))
                step = Step(query=query, node=node, parent=parent, outcome=str(outcome), cost=cost, runs=runs)
                go_on(query, growing.add(step), stage + 1)
        if stage == 3 or (stage and draw(st.booleans())):
            growing.add(Step(query=query, node=GOAL, parent=parent, quality=draw(st.floats(0, 1))))

    for query in range(10):
        go_on(query, -1, 0)
    queries = LoggedQueries(
        ids=tuple(f"q{number}" for number in range(10)),
        texts=tuple(f"Add {number}" for number in range(10)),
        tasks=("sums",) * 10,
        splits=np.array(["train", "val", "test", *["train"] * 7], dtype=object),
    )
    return growing.log(queries, {"made": "0"})


@settings(max_examples=10, deadline=None)
@given(grown())
def test_walking_a_route_gives_what_its_arm_of_the_table_says(log: RouteLog) -> None:
    table, walker = tabulate_routes(log), Walker(log, route_graph(log))
    for place, arm in enumerate(table.arms):
        for query in np.flatnonzero(~np.isnan(table.quality[:, place])).tolist():
            walked = walker.expected(walker.walk(query, follower(*arm.split(ARROW)), random.Random(0)))
            assert walked.quality == pytest.approx(table.quality[query, place], abs=1e-9)
            assert walked.cost == pytest.approx(table.cost[query, place], abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(grown(), st.integers(0, 1000))
def test_no_walk_takes_a_branch_that_is_not_logged_and_its_cost_is_that_of_its_steps(log: RouteLog, seed: int) -> None:
    walker = Walker(log, route_graph(log))
    rider = Rider("random", RandomRouter(), Softmax(1.0))
    for query in range(10):
        endings = walker.walk(query, rider, random.Random(seed))
        assert sum(ending.share for ending in endings) == pytest.approx(1.0)
        for ending in endings:
            parents = (-1, *ending.rows[:-1])
            assert [log.branches.parent[row] for row in ending.rows] == list(parents)
            assert log.branches.node[ending.rows[-1]] == log.goal
            alone = walker.expected((Ending(1.0, ending.rows),))
            assert alone.cost == pytest.approx(sum(log.branches.cost[row] for row in ending.rows))


def test_a_route_weighs_the_outcomes_of_its_steps(make_log: MakeLog) -> None:
    table = tabulate_routes(make_log())
    found = {arm: (table.quality[1, at], table.cost[1, at]) for at, arm in enumerate(table.arms)}
    assert found["quick > slow again"] == pytest.approx((0.75 * 1.0 + 0.25 * 0.5, 0.001 + 0.25 * 0.02))
    assert found["slow > look"] == pytest.approx((0.8, 0.013))
    assert np.isnan(found["slow"][0])
    assert set(found) == {"quick > slow again", "slow", "slow > look"}


def test_a_router_sees_what_was_spent_who_was_asked_and_how_sure_they_were(make_log: MakeLog) -> None:
    log, onlooker = make_log(), Onlooker()
    walker = Walker(log, route_graph(log))
    for seed in range(10):
        walker.walk(0, Rider("onlooker", onlooker, Softmax(1.0)), random.Random(seed))
    after = next(state for state in onlooker.seen if state.visited == ("quick",) and state.confidences == (0.0,))
    assert [candidate.node for candidate in after.candidates] == ["slow again"]
    assert float(after.spent.usd) == pytest.approx(0.001)
    assert after.spent.calls == 1
    assert after.query.text == log.queries.texts[0]


def test_a_lesson_has_the_steps_with_the_verdict_of_the_one_after(make_log: MakeLog) -> None:
    log = make_log()
    walker = Walker(log, route_graph(log))
    (ending,) = walker.walk(1, follower("slow", "look"), random.Random(0))
    lesson = walker.lesson(1, ending)
    assert [(step.source, step.node, step.judgement) for step in lesson.steps] == [
        ("START", "slow", 0.9),
        ("slow", "look", None),
    ]
    assert lesson.quality == 0.8
    assert lesson.cost_usd == pytest.approx(0.013)


def test_a_failed_call_ends_the_walk_with_nothing(make_log: MakeLog) -> None:
    log = make_log(Step(query=0, node="broken", cost=0.5, failed=True))
    walker = Walker(log, route_graph(log))
    walked = walker.expected(walker.walk(0, follower("broken"), random.Random(0)))
    assert (walked.quality, walked.cost) == (0.0, 0.5)


def test_routes_that_some_query_of_train_lacks_are_no_arms(make_log: MakeLog) -> None:
    selected = select_routes(make_log())
    assert selected.table.arms == ("quick > slow again", "slow > look")
    assert "slow" in selected.left_out


def test_one_query_is_too_few(make_log: MakeLog) -> None:
    with pytest.raises(InvalidLog, match="split val is empty"):
        select_routes(make_log(count=1))
