"""Trees of routes: what may follow, what is left out, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stigmergy.domain import GOAL
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.paths.log_making import Growing, Step
from stigmergy.platform.learning.paths.route_log import LoggedQueries, RouteLog

MakeLog = Callable[..., RouteLog]
MakeQueries = Callable[[int], LoggedQueries]


def test_children_are_the_steps_that_were_logged_after_a_prefix(make_log: MakeLog) -> None:
    log = make_log()
    assert set(log.children(0)) == {"quick", "slow"}
    (slow,) = log.children(0)["slow"]
    assert set(log.children(0, int(slow))) == {"look", GOAL}
    (slow,) = log.children(1)["slow"]
    assert set(log.children(1, int(slow))) == {"look"}


def test_outcomes_of_a_step_have_the_shares_of_their_runs(make_log: MakeLog) -> None:
    log = make_log()
    rows = log.children(0)["quick"]
    assert dict(zip(log.branches.outcome[rows], log.shares(rows), strict=True)) == {"failed": 0.25, "passed": 0.75}
    assert log.repeated == 40


def test_a_step_with_an_outcome_that_nothing_followed_is_left_out_whole(make_log: MakeLog) -> None:
    log = make_log(Step(query=0, node="slow", outcome="lost", cost=0.01))
    assert set(log.children(0)) == {"quick"}
    assert log.dropped == 5
    assert set(log.children(1)) == {"quick", "slow"}


def test_a_failed_call_is_an_end_of_its_own(make_log: MakeLog) -> None:
    log = make_log(Step(query=0, node="broken", cost=0.01, failed=True))
    (broken,) = log.children(0)["broken"]
    assert not log.children(0, int(broken))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cost": -0.1}, "cost"),
        ({"cost": np.nan}, "cost"),
        ({"latency": np.inf}, "latency"),
        ({"runs": 0}, "runs"),
        ({"verdict": 1.5}, "verdict"),
        ({"quality": 0.5}, "only GOAL"),
        ({"node": GOAL}, "GOAL needs a quality"),
        ({"parent": 10_000}, "a parent is a step of the log"),
        ({"parent": 1}, "nothing follows GOAL"),
        ({"query": 5, "parent": 0}, "its own query"),
    ],
)
def test_what_no_log_can_hold_is_refused_with_its_reason(make_log: MakeLog, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidLog, match=said):
        make_log(Step(**{"query": 0, "node": "other", **wrong}))


def test_parents_that_go_round_are_refused(make_queries: MakeQueries) -> None:
    growing = Growing([Step(query=0, node="a", parent=1), Step(query=0, node="b", parent=0)])
    with pytest.raises(InvalidLog, match="cycle"):
        growing.log(make_queries(1), {"made": "0"})


def test_a_log_without_any_way_to_an_end_is_refused(make_queries: MakeQueries) -> None:
    with pytest.raises(InvalidLog, match="no query keeps a route"):
        Growing([Step(query=0, node="a")]).log(make_queries(1), {"made": "0"})
