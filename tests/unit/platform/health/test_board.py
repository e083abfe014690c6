from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import FailureKind
from stigmergy.platform.health import BreakerConfig, CallSample, HealthBoard
from stigmergy.testing import FakeClock

CONFIG = BreakerConfig(min_samples=2, open_s=2.0)
HARD = FailureKind.UNAVAILABLE


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def board(clock: FakeClock) -> HealthBoard:
    return HealthBoard(("a", "b"), CONFIG, clock.monotonic)


def called(board: HealthBoard, agent: str, failure: FailureKind | None = None, latency_s: float = 0.1) -> None:
    board.started(agent)
    board.finished(CallSample(agent, failure, latency_s))


def test_at_first_everybody_is_well(board: HealthBoard) -> None:
    overlay = board.overlay()
    assert (overlay.version, overlay.down) == (0, frozenset())
    assert overlay.of("a").response_s is None


def test_response_times_are_smoothed_and_loads_are_live(board: HealthBoard) -> None:
    called(board, "a", latency_s=1.0)
    called(board, "a", latency_s=2.0)
    board.started("a")
    condition = board.overlay().of("a")
    assert condition.response_s == pytest.approx(1.2)
    assert (condition.load, board.overlay().version) == (1, 0)
    board.abandoned("a")
    assert board.overlay().of("a").load == 0


def test_a_failed_call_says_nothing_of_the_response_time(board: HealthBoard) -> None:
    called(board, "a", FailureKind.TIMEOUT, 30.0)
    assert board.overlay().of("a").response_s is None


def test_the_version_moves_with_the_set_of_agents_that_are_down(board: HealthBoard, clock: FakeClock) -> None:
    called(board, "a", HARD)
    assert (board.overlay().version, board.overlay().down) == (1, frozenset({"a"}))
    called(board, "b")
    assert board.overlay().version == 1
    clock.advance(2.0)
    assert (board.overlay().version, board.overlay().down) == (2, frozenset())


def test_in_half_open_the_agent_is_down_for_others_while_the_probe_is_out(board: HealthBoard, clock: FakeClock) -> None:
    called(board, "a", HARD)
    clock.advance(2.0)
    assert board.overlay().down == frozenset()
    board.started("a")
    assert board.overlay().down == {"a"}
    board.abandoned("a")
    assert board.overlay().down == {"a"}
    clock.advance(2.0)
    assert board.overlay().down == frozenset()
    called(board, "a")
    clock.advance(100.0)
    assert board.overlay().down == frozenset()
    assert board.overlay().of("a").recovery < 1.0


def test_what_others_found_down_is_down_here_until_they_say_otherwise(board: HealthBoard) -> None:
    board.adopt(frozenset({"a", "unknown here"}))
    assert board.overlay().down == {"a"}
    board.adopt(frozenset({"a"}))
    assert board.overlay().version == 1
    board.adopt(frozenset())
    assert (board.overlay().version, board.overlay().down) == (2, frozenset())


def test_a_trip_takes_the_agent_out_at_once(board: HealthBoard) -> None:
    board.trip("b")
    assert board.overlay().down == {"b"}


def test_calls_made_here_are_handed_over_once_and_those_made_elsewhere_never(board: HealthBoard) -> None:
    called(board, "a")
    board.observe(CallSample("b", HARD, 0.1))
    assert board.collect() == (CallSample("a", None, 0.1),)
    assert board.collect() == ()
    assert board.overlay().down == {"b"}


def test_a_call_of_an_agent_that_is_not_configured_here_is_passed_over(board: HealthBoard) -> None:
    board.observe(CallSample("retired", HARD, 0.1))
    assert board.overlay().down == frozenset()


STEPS = st.tuples(
    st.sampled_from(("call", "start", "abandon", "trip", "adopt", "wait")),
    st.sampled_from(("a", "b")),
    st.sampled_from((None, *FailureKind)),
)


@given(st.lists(STEPS, max_size=40))
@settings(max_examples=80, deadline=None)
def test_the_version_moves_exactly_when_the_set_of_down_agents_does(
    steps: list[tuple[str, str, FailureKind | None]],
) -> None:
    clock = FakeClock()
    board = HealthBoard(("a", "b"), CONFIG, clock.monotonic)
    last = board.overlay()
    for step, agent, failure in steps:
        match step:
            case "call":
                called(board, agent, failure)
            case "start":
                board.started(agent)
            case "abandon":
                board.abandoned(agent)
            case "trip":
                board.trip(agent)
            case "adopt":
                board.adopt(frozenset({agent}) if failure else frozenset())
            case _:
                clock.advance(0.7)
        overlay = board.overlay()
        assert (overlay.version != last.version) == (overlay.down != last.down)
        assert overlay.down == {name for name in ("a", "b") if not overlay.of(name).available}
        last = overlay
