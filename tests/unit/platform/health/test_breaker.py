from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import FailureKind
from stigmergy.platform.health import Breaker, BreakerConfig, BreakerState

CONFIG = BreakerConfig(window=10, min_samples=4, failure_rate=0.5, open_s=2.0, max_open_s=5.0, recovery_steps=4)
ILLNESSES = [kind for kind in FailureKind if kind is not FailureKind.OVERLOADED]


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(CONFIG)


def opened(breaker: Breaker, now: float = 0.0) -> None:
    breaker.failed(now, FailureKind.UNAVAILABLE)


def test_it_opens_past_a_failure_rate_over_enough_samples(breaker: Breaker) -> None:
    for failure in (None, FailureKind.ERROR, FailureKind.TIMEOUT):
        breaker.succeeded(0.0) if failure is None else breaker.failed(0.0, failure)
        assert breaker.state(0.0) is BreakerState.CLOSED
    breaker.failed(0.0, FailureKind.ERROR)
    assert breaker.state(0.0) is BreakerState.OPEN
    assert not breaker.allows(0.0)


def test_below_the_rate_it_stays_closed(breaker: Breaker) -> None:
    for _ in range(20):
        breaker.succeeded(0.0)
        breaker.succeeded(0.0)
        breaker.failed(0.0, FailureKind.ERROR)
    assert breaker.state(0.0) is BreakerState.CLOSED


def test_one_hard_signal_opens_it_at_once(breaker: Breaker) -> None:
    breaker.failed(0.0, FailureKind.UNAVAILABLE)
    assert breaker.state(0.0) is BreakerState.OPEN


def test_half_open_lets_one_probe_through(breaker: Breaker) -> None:
    opened(breaker)
    assert not breaker.allows(1.9)
    assert breaker.allows(2.0)
    breaker.started(2.0)
    assert not breaker.allows(2.0)


def test_a_probe_that_never_reports_back_lapses(breaker: Breaker) -> None:
    opened(breaker)
    breaker.started(2.0)
    assert not breaker.allows(3.9)
    assert breaker.allows(4.0)


def test_a_good_probe_closes_it_and_the_agent_recovers_step_by_step(breaker: Breaker) -> None:
    opened(breaker)
    breaker.started(2.0)
    seen = []
    for _ in range(6):
        breaker.succeeded(2.5)
        assert breaker.allows(2.5)
        seen.append(breaker.recovery())
    assert seen == [0.4, 0.6, 0.8, 1.0, 1.0, 1.0]


def test_a_bad_probe_opens_it_for_twice_as_long_up_to_a_limit(breaker: Breaker) -> None:
    opened(breaker)
    now, waits = 0.0, []
    for _ in range(3):
        now = breaker.changes_at() or now
        breaker.started(now)
        breaker.failed(now, FailureKind.ERROR)
        waits.append((breaker.changes_at() or now) - now)
    assert waits == [4.0, 5.0, 5.0]


def test_late_results_from_before_the_outage_change_nothing_while_it_is_open(breaker: Breaker) -> None:
    opened(breaker)
    breaker.succeeded(1.0)
    breaker.failed(1.0, FailureKind.UNAVAILABLE)
    assert breaker.state(1.0) is BreakerState.OPEN
    assert breaker.changes_at() == 2.0


def test_a_trip_opens_it_once(breaker: Breaker) -> None:
    breaker.trip(0.0)
    breaker.trip(1.0)
    assert breaker.changes_at() == 2.0


@given(st.lists(st.sampled_from((None, FailureKind.OVERLOADED)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_overload_never_opens_it_but_lowers_the_success_rate(results: list[FailureKind | None]) -> None:
    breaker = Breaker(CONFIG)
    for result in results:
        breaker.succeeded(0.0) if result is None else breaker.failed(0.0, result)
    assert breaker.state(0.0) is BreakerState.CLOSED
    assert (breaker.success_rate() == 1.0) == all(result is None for result in results[-10:])


def test_overload_counts_not_among_the_failures_that_open_it(breaker: Breaker) -> None:
    for _ in range(9):
        breaker.failed(0.0, FailureKind.OVERLOADED)
    breaker.failed(0.0, FailureKind.ERROR)
    assert breaker.state(0.0) is BreakerState.CLOSED


def test_an_overloaded_probe_neither_opens_nor_closes_it(breaker: Breaker) -> None:
    opened(breaker)
    breaker.started(2.0)
    breaker.failed(2.0, FailureKind.OVERLOADED)
    assert breaker.state(2.0) is BreakerState.HALF_OPEN
    assert not breaker.allows(3.9)
    assert breaker.allows(4.0)


@given(st.lists(st.tuples(st.sampled_from(("ok", "start", "trip", *FailureKind)), st.floats(0, 3)), max_size=40))
@settings(max_examples=80, deadline=None)
def test_an_open_breaker_always_comes_back_and_its_figures_stay_in_range(steps: list[tuple[str, float]]) -> None:
    breaker, now = Breaker(CONFIG), 0.0
    for step, seconds in steps:
        now += seconds
        if isinstance(step, FailureKind):
            breaker.failed(now, step)
        else:
            {"ok": breaker.succeeded, "start": breaker.started, "trip": breaker.trip}[step](now)
        assert 0 < breaker.success_rate() <= 1
        assert 0 < breaker.recovery() <= 1
        changes = breaker.changes_at()
        assert breaker.allows(now) or (changes is not None and now <= changes <= now + CONFIG.max_open_s)
    assert breaker.allows(now + CONFIG.max_open_s)
