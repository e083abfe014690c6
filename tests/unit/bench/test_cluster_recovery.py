"""How long tasks stood still whose process was killed."""

from __future__ import annotations

from stigmergy.bench.chaos.work import Execution
from stigmergy.bench.cluster.recovery import p50_and_p99, recoveries

DEAD, ALIVE = 1, 2


def test_only_tasks_whose_last_call_was_in_a_killed_process_stood_still() -> None:
    executed = [
        Execution("a/first", 1.0, DEAD),
        Execution("a/first", 5.0, ALIVE),
        Execution("b/first", 1.0, ALIVE),
        Execution("b/second", 4.0, ALIVE),
        Execution("c/first", 0.5, DEAD),
        Execution("c/second", 1.5, ALIVE),
        Execution("c/third", 9.0, ALIVE),
    ]
    assert recoveries(executed, {DEAD}, struck_at=2.0) == [3.0]


def test_a_task_is_counted_once_by_its_first_call_after_the_strike() -> None:
    executed = [
        Execution("a/second", 7.0, ALIVE),
        Execution("a/first", 1.0, DEAD),
        Execution("a/first", 6.0, ALIVE),
    ]
    assert recoveries(executed, {DEAD}, struck_at=2.0) == [4.0]


def test_what_had_no_call_left_to_make_and_what_came_later_is_not_among_them() -> None:
    executed = [Execution("a/third", 1.0, DEAD), Execution("b/first", 3.0, ALIVE)]
    assert recoveries(executed, {DEAD}, struck_at=2.0) == []


def test_of_nothing_there_are_no_quantiles() -> None:
    assert p50_and_p99([]) == (None, None)
    assert p50_and_p99([2.0]) == (2.0, 2.0)
