"""A tiny route log whose every figure is known.

On every query one may ask ``quick`` (0.001 USD) or ``slow`` (0.01). Of quick's four runs three passed: then it is
done, with quality 1. After the one that failed, ``slow again`` (0.02) brings .5. ``slow`` leads to ``look`` (0.003),
then GOAL with .8; on every second query it may also go to GOAL at once, with .4.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stigmergy.domain import GOAL
from stigmergy.platform.learning.paths.log_making import Growing, Step
from stigmergy.platform.learning.paths.route_log import LoggedQueries, RouteLog

QUERIES = 40


def _queries(count: int = QUERIES) -> LoggedQueries:
    splits = [("train", "train", "train", "val", "test")[number // 2 % 5] for number in range(count)]
    return LoggedQueries(
        ids=tuple(f"q{number:02}" for number in range(count)),
        texts=tuple(f"Add {number} and {number * 3}" for number in range(count)),
        tasks=tuple(("even", "odd")[number % 2] for number in range(count)),
        splits=np.array(splits, dtype=object),
    )


def _grow(growing: Growing, query: int) -> None:
    passed = growing.add(Step(query=query, node="quick", outcome="passed", runs=3, cost=0.001, latency=1.0))
    growing.add(Step(query=query, node=GOAL, parent=passed, quality=1.0))
    failed = growing.add(Step(query=query, node="quick", outcome="failed", cost=0.001, answered=False, confidence=0.0))
    again = growing.add(Step(query=query, node="slow again", parent=failed, cost=0.02, latency=2.0))
    growing.add(Step(query=query, node=GOAL, parent=again, quality=0.5))
    slow = growing.add(Step(query=query, node="slow", cost=0.01))
    look = growing.add(Step(query=query, node="look", parent=slow, cost=0.003, verdict=0.9))
    growing.add(Step(query=query, node=GOAL, parent=look, quality=0.8))
    if query % 2 == 0:
        growing.add(Step(query=query, node=GOAL, parent=slow, quality=0.4))


@pytest.fixture
def make_queries() -> Callable[[int], LoggedQueries]:
    """``make_queries(count)``: so many of the tiny log's queries."""
    return _queries


@pytest.fixture
def make_log() -> Callable[..., RouteLog]:
    """``make_log(*more, count=40)``: the tiny log, with further steps."""

    def make(*more: Step, count: int = QUERIES) -> RouteLog:
        growing = Growing()
        for query in range(count):
            _grow(growing, query)
        for step in more:
            growing.add(step)
        return growing.log(_queries(count), {"made": "0"})

    return make
