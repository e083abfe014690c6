"""The log by which all systems are judged."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stigmergy.bench.healing.outcome import Told, is_silent
from stigmergy.bench.healing.topology import Topology
from stigmergy.bench.healing.world import Faults, World
from stigmergy.domain import Status
from stigmergy.errors import AgentTimedOut, AgentUnavailable
from stigmergy.testing import FakeClock

SUPPORT = "support"
NO_FAULTS = Faults()


def world(topologies: Mapping[str, Topology], faults: Faults = NO_FAULTS) -> World:
    return World(topologies[SUPPORT].tools, faults)


def test_one_key_has_one_side_effect_at_an_idempotent_tool_and_two_elsewhere(
    topologies: Mapping[str, Topology],
) -> None:
    log = world(topologies)
    for tool in ("stripe", "stripe", "email"):
        log.use(tool, "key")
    assert log.duplicates == 0
    log.use("email", "key")
    assert log.duplicates == 1


def test_the_same_side_effect_by_another_tool_is_a_duplicate(topologies: Mapping[str, Topology]) -> None:
    log = world(topologies)
    log.use("stripe", "a")
    log.use("razorpay", "b")
    assert (log.side_effects, log.duplicates) == (2, 1)


def test_a_dead_tool_does_nothing_and_a_mute_one_does_the_work(topologies: Mapping[str, Topology]) -> None:
    log = world(topologies, Faults(dead=frozenset({"email"}), mute=frozenset({"sms"})))
    with pytest.raises(AgentUnavailable):
        log.use("email", "a")
    with pytest.raises(AgentTimedOut):
        log.use("sms", "b")
    assert (log.side_effects, log.done, log.calls) == (1, set(), ["email", "sms"])


def test_a_recovery_lasts_from_the_failure_to_what_is_done_next(topologies: Mapping[str, Topology]) -> None:
    clock = FakeClock()
    log = World(topologies[SUPPORT].tools, Faults(dead=frozenset({"email"})), clock.monotonic)
    with pytest.raises(AgentUnavailable):
        log.use("email", "a")
    clock.advance(2)
    log.use("sms", "a")
    log.ended()
    assert log.recoveries_s == [2]


@pytest.mark.parametrize(
    ("told", "silent"),
    [
        (Told(status=Status.COMPLETED), True),
        (Told(status=Status.DEMOTED, dropped=("email",)), True),
        (Told(status=None), True),
        (Told(status=Status.ESCALATED), True),
        (Told(status=Status.ESCALATED, reason="email and sms are down"), False),
    ],
)
def test_silent_is_a_success_that_was_none_or_an_end_without_a_word(
    topologies: Mapping[str, Topology], told: Told, silent: bool
) -> None:
    log = world(topologies)
    for tool in ("crm", "stripe"):
        log.use(tool, "key")
    assert is_silent(topologies[SUPPORT], told, log) == silent


def test_a_demotion_that_does_not_name_what_is_missing_is_silent(topologies: Mapping[str, Topology]) -> None:
    travel = topologies["travel"]
    log = World(travel.tools, Faults())
    for tool in ("train", "hotel", "bus", "payment"):
        log.use(tool, "key")
    assert is_silent(travel, Told(status=Status.DEMOTED, dropped=("hotel",)), log)
    assert not is_silent(travel, Told(status=Status.DEMOTED, dropped=("confirm",)), log)
