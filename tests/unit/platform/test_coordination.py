"""Gateways and their coordinator: reports in, snapshots out, and a coordinator that dies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import START, FailureKind
from stigmergy.graphs.pheromones import NO_TRAILS, Bounds, Trails
from stigmergy.graphs.trail_delta import TrailDelta, merge
from stigmergy.platform.coordination import Coordination, Report
from stigmergy.platform.health import BreakerConfig, CallSample, HealthBoard
from stigmergy.platform.reporting import Reporter
from stigmergy.testing import FakeClock

BOUNDS = Bounds(0.1, 10.0)
ILL = CallSample("a", FailureKind.UNAVAILABLE, 0.1)
# Quarters add without rounding, so that sums do not depend on their order.
DEPOSITS = st.integers(-8, 8).map(lambda n: TrailDelta(log_tau={"math": {(START, "a"): n / 4}}, episodes=1))


class Colony:
    """The sharing side of a router, with nothing behind it: implements ``TrailSharing``."""

    def __init__(self, colony: str = "ants") -> None:
        self.colony = colony
        self.trails = NO_TRAILS
        self.learnt: TrailDelta | None = None

    def meet(self, graph: Any) -> None:
        """It scores nothing, so no graph is of interest."""

    def deposit(self, delta: TrailDelta) -> None:
        self.learnt = delta if self.learnt is None else merge(self.learnt, delta)

    def collect(self) -> TrailDelta | None:
        learnt, self.learnt = self.learnt, None
        return learnt

    def adopt(self, trails: Trails) -> None:
        self.trails = trails if self.learnt is None else trails.apply(self.learnt)

    def ticked(self, trails: Trails) -> Trails:
        return trails.evaporate(0.5).clamp(BOUNDS)


def board() -> HealthBoard:
    return HealthBoard(("a", "b"), BreakerConfig(open_s=2.0), FakeClock().monotonic)


def coordination(clock: FakeClock | None = None, tick_episodes: int = 1000) -> Coordination:
    health = board() if clock is None else HealthBoard(("a", "b"), BreakerConfig(open_s=2.0), clock.monotonic)
    return Coordination(health, {"ants": Colony()}, tick_episodes)


def reports_of(gateway: str, deltas: Iterable[TrailDelta]) -> list[Report]:
    return [Report(gateway=gateway, seq=seq, deltas={"ants": delta}) for seq, delta in enumerate(deltas, 1)]


def total(made: Coordination) -> TrailDelta:
    return made.snapshot().trails["ants"].total


@given(st.lists(DEPOSITS, max_size=4), st.lists(DEPOSITS, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_it_does_not_matter_in_which_order_gateways_report(
    one: list[TrailDelta], two: list[TrailDelta], rng: Any
) -> None:
    first, second = reports_of("one", one), reports_of("two", two)
    in_turn, mixed = coordination(), coordination()
    for report in (*first, *second):
        in_turn.take(report)
    queues = [list(first), list(second)]
    while any(queues):
        mixed.take(rng.choice([queue for queue in queues if queue]).pop(0))
    assert total(mixed) == total(in_turn)


def test_a_report_is_taken_once() -> None:
    made = coordination()
    report = Report(gateway="one", seq=1, calls=(ILL,), deltas={"ants": TrailDelta(episodes=3)}, counts={"ended": 2})
    for _ in range(3):
        made.take(report)
    assert (total(made).episodes, made.counts["ended"], made.snapshot().down) == (3, 2, frozenset({"a"}))


def test_reports_of_colonies_and_agents_that_are_not_configured_are_passed_over() -> None:
    made = coordination()
    calls = (CallSample("retired", FailureKind.UNAVAILABLE, 0.1), ILL)
    made.take(Report(gateway="one", seq=1, calls=calls, deltas={"old": TrailDelta(episodes=1)}, counts={"ended": 1}))
    assert (made.snapshot().down, total(made).episodes, made.counts["ended"]) == (frozenset({"a"}), 0, 1)


def test_the_version_of_a_snapshot_moves_only_when_something_changed() -> None:
    clock = FakeClock()
    made = coordination(clock)
    assert made.snapshot() is made.snapshot()
    made.take(Report(gateway="one", seq=1, counts={"ended": 1}, calls=(CallSample("a", None, 0.1),)))
    assert made.snapshot().version == 0
    made.take(Report(gateway="one", seq=2, deltas={"ants": TrailDelta(episodes=1)}))
    assert made.snapshot().version == 1
    made.take(Report(gateway="one", seq=3, calls=(ILL,)))
    assert (made.snapshot().version, made.snapshot().version) == (2, 2)
    clock.advance(2.0)
    assert (made.snapshot().version, made.snapshot().down) == (3, frozenset())


def test_trails_weaken_after_so_many_episodes_whoever_reports_them() -> None:
    made = coordination(tick_episodes=2)
    deposit = TrailDelta(log_tau={"math": {(START, "a"): 1.0}}, episodes=1)
    for gateway in ("one", "two"):
        assert total(made).log_tau == ({} if gateway == "one" else deposit.log_tau)
        made.take(Report(gateway=gateway, seq=1, deltas={"ants": deposit}))
    assert total(made).log_tau["math"][START, "a"] == pytest.approx(1.0)
    made.take(Report(gateway="one", seq=2, deltas={"ants": TrailDelta(episodes=4)}))
    assert total(made).log_tau["math"][START, "a"] == pytest.approx(0.25)


@given(
    st.lists(st.lists(DEPOSITS, min_size=1, max_size=5), min_size=1, max_size=3),
    st.integers(0, 15),
    st.integers(0, 15),
)
@settings(max_examples=50, deadline=None)
def test_a_coordinator_that_dies_ends_with_the_same_trails_once_it_is_told_again(
    learnt: list[list[TrailDelta]], checkpoint_after: int, dies_after: int
) -> None:
    gateways = [(Reporter(str(n), board(), [colony]), colony) for n, colony in enumerate(Colony() for _ in learnt)]
    first, sent = coordination(), 0
    saved = first.checkpoint()
    for report in reports_in_turn(gateways, learnt):
        sent += 1
        if sent > dies_after:
            continue
        first.take(report)
        if sent == checkpoint_after:
            saved = first.checkpoint()
            for gateway, seq in saved.taken.items():
                gateways[int(gateway)][0].kept(seq)
    heir = coordination()
    heir.restore(saved.document)
    for reporter, _ in gateways:
        for report in reporter.unkept() * 2:
            heir.take(report)
    assert total(heir) == reduce(merge, (deposit for deposits in learnt for deposit in deposits))


def reports_in_turn(gateways: list[tuple[Reporter, Colony]], learnt: list[list[TrailDelta]]) -> Iterator[Report]:
    for (reporter, colony), deposits in zip(gateways, learnt, strict=True):
        for deposit in deposits:
            colony.deposit(deposit)
            report = reporter.report()
            assert report is not None
            yield report


def test_a_checkpoint_is_json_with_everything_and_old_colonies_are_left_out_of_it() -> None:
    made = coordination()
    made.take(Report(gateway="one", seq=4, deltas={"ants": TrailDelta(episodes=2)}, counts={"ended": 2}))
    checkpoint = made.checkpoint()
    assert checkpoint.taken == {"one": 4}
    document = json.loads(checkpoint.document)
    document["trails"]["retired"] = document["trails"]["ants"]
    heir = coordination()
    heir.restore(json.dumps(document))
    assert heir.counts == {"ended": 2}
    assert set(heir.snapshot().trails) == {"ants"}
    heir.take(Report(gateway="one", seq=4, deltas={"ants": TrailDelta(episodes=2)}))
    assert total(heir).episodes == 2


@pytest.fixture
def reporting() -> tuple[Reporter, HealthBoard, Colony]:
    health, colony = board(), Colony()
    return Reporter("here", health, [colony]), health, colony


def test_only_what_is_new_is_reported_and_nothing_when_there_is_nothing(
    reporting: tuple[Reporter, HealthBoard, Colony],
) -> None:
    reporter, health, colony = reporting
    assert reporter.report() is None
    health.started("a")
    health.finished(ILL)
    colony.deposit(TrailDelta(episodes=1))
    reporter.counts["ended"] += 1
    assert reporter.report() == Report(
        gateway="here", seq=1, calls=(ILL,), deltas={"ants": TrailDelta(episodes=1)}, counts={"ended": 1}
    )
    assert reporter.report() is None
    reporter.counts["ended"] += 1
    assert reporter.report() == Report(gateway="here", seq=2, counts={"ended": 1})


def test_reports_are_kept_until_they_are_in_a_checkpoint(reporting: tuple[Reporter, HealthBoard, Colony]) -> None:
    reporter, _, _ = reporting
    for _ in range(3):
        reporter.counts["ended"] += 1
        reporter.report()
    reporter.kept(2)
    assert [report.seq for report in reporter.unkept()] == [3]
    reporter.kept(-1)
    assert [report.seq for report in reporter.unkept()] == [3]


def test_a_snapshot_is_taken_over_whole_and_what_was_learnt_since_stays_on_top(
    reporting: tuple[Reporter, HealthBoard, Colony],
) -> None:
    reporter, health, colony = reporting
    made = coordination()
    made.take(Report(gateway="other", seq=1, calls=(ILL,), deltas={"ants": TrailDelta(episodes=5)}))
    colony.deposit(TrailDelta(episodes=1))
    reporter.adopt(made.snapshot())
    assert (health.overlay().down, colony.trails.total.episodes) == (frozenset({"a"}), 6)
    report = reporter.report()
    assert report is not None
    assert report.deltas == {"ants": TrailDelta(episodes=1)}


def test_deltas_of_routers_of_one_colony_are_merged() -> None:
    routers = [Colony(), Colony(), Colony("bees")]
    for router in routers:
        router.deposit(TrailDelta(episodes=1))
    report = Reporter("here", board(), routers).report()
    assert report is not None
    assert {colony: delta.episodes for colony, delta in report.deltas.items()} == {"ants": 2, "bees": 1}


def begun(origin: str) -> Coordination:
    colony = Colony()
    colony.trails = Trails(TrailDelta(log_tau={"math": {(START, "a"): 1.0}}, episodes=7), 0, origin)
    return Coordination(board(), {"ants": colony}, tick_episodes=25)


def test_a_colony_with_an_artifact_begins_from_it_and_goes_on_from_its_own_checkpoints() -> None:
    first = begun("ant_colony-1")
    assert total(first).episodes == 7
    first.take(Report(gateway="one", seq=1, deltas={"ants": TrailDelta(episodes=2)}))
    heir, renewed = begun("ant_colony-1"), begun("ant_colony-2")
    for each in (heir, renewed):
        each.restore(first.checkpoint().document)
    assert (total(heir).episodes, total(renewed).episodes) == (9, 7)


def test_checkpoints_of_before_artifacts_and_footprints_can_be_read() -> None:
    made = coordination()
    made.take(Report(gateway="one", seq=1, deltas={"ants": TrailDelta(episodes=3)}))
    document = json.loads(made.checkpoint().document)
    del document["trails"]["ants"]["origin"], document["trails"]["ants"]["total"]["footprints"]
    heir = coordination()
    heir.restore(json.dumps(document))
    assert total(heir).episodes == 3
