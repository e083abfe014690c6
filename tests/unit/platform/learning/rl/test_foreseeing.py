"""What is expected of every way on from where an episode stands."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.domain import GOAL
from stigmergy.platform.learning.paths.log_making import Growing, Step
from stigmergy.platform.learning.paths.route_log import LoggedQueries, RouteLog
from stigmergy.platform.learning.rl.foreseeing import ArmOutlook, RouteOutlook, route_outlook

ROUTES = (("quick", GOAL), ("slow", GOAL), ("slow", "look", GOAL))
COSTS = {"quick": 1, "slow": 10, "look": 3, GOAL: 0}
EXPECTED = np.array([[0.5, 0.6, 0.9]], dtype=np.float32)


@pytest.fixture(scope="module")
def log() -> RouteLog:
    growing = Growing()
    quick = growing.add(Step(query=0, node="quick", cost=1e-9))
    growing.add(Step(query=0, node=GOAL, parent=quick, quality=1.0))
    slow = growing.add(Step(query=0, node="slow", cost=10e-9))
    growing.add(Step(query=0, node=GOAL, parent=slow, quality=1.0))
    look = growing.add(Step(query=0, node="look", parent=slow, cost=3e-9))
    growing.add(Step(query=0, node=GOAL, parent=look, quality=1.0))
    queries = LoggedQueries(ids=("q",), texts=("q",), tasks=("any",), splits=np.array(["train"], dtype=object))
    return growing.log(queries, {"made": "0"})


@pytest.fixture(scope="module")
def outlook(log: RouteLog) -> RouteOutlook:
    hops = np.full((len(ROUTES), 3), -1, dtype=np.int64)
    for row, route in enumerate(ROUTES):
        hops[row, : len(route)] = [log.nodes.index(node) for node in route]
    worst = np.array([COSTS[node] for node in log.nodes], dtype=np.int64)
    return route_outlook(log, hops, worst, EXPECTED)


def _worth(outlook: RouteOutlook, log: RouteLog, state: int, left: int) -> dict[str, float]:
    found = outlook.worth(np.array([0]), np.array([state]), np.array([left]))[0]
    return {node: round(float(value), 3) for node, value in zip(log.nodes, found, strict=True) if value > -1.0}


def test_an_action_is_worth_the_best_route_that_goes_on_with_it(outlook: RouteOutlook, log: RouteLog) -> None:
    assert _worth(outlook, log, len(log.branches), 13) == {"quick": 0.5, "slow": 0.9}


def test_routes_that_the_money_left_does_not_pay_are_not_hoped_for(outlook: RouteOutlook, log: RouteLog) -> None:
    assert _worth(outlook, log, len(log.branches), 12) == {"quick": 0.5, "slow": 0.6}
    assert _worth(outlook, log, len(log.branches), 9) == {"quick": 0.5}


def test_behind_a_step_only_routes_that_began_with_it_count(outlook: RouteOutlook, log: RouteLog) -> None:
    after = log.children(0)["slow"][0]
    assert _worth(outlook, log, int(after), 3) == {GOAL: 0.6, "look": 0.9}
    assert _worth(outlook, log, int(after), 2) == {GOAL: 0.6}


def test_an_arm_is_a_whole_route() -> None:
    found = ArmOutlook(EXPECTED).worth(np.array([0]), np.array([0]), np.array([0]))
    assert found.tolist() == EXPECTED.tolist()
