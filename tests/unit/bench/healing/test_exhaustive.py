"""Every set of failures of the smaller topologies; the command runs those of all three."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stigmergy.bench.healing.exhaustive import (
    Exhaustive,
    LostReplies,
    counted,
    run_exhaustive,
    run_lost_replies,
    subsets,
)
from stigmergy.bench.healing.outcome import Told
from stigmergy.bench.healing.topology import Topology
from stigmergy.bench.healing.world import Faults, World
from stigmergy.domain import Status

SMALL = ("support", "moderation")


def test_there_are_two_to_the_n_sets(topologies: Mapping[str, Topology]) -> None:
    found = list(subsets(topologies["travel"].tools))
    assert len(found) == len(set(found)) == 2**8


async def test_feasible_sets_complete_and_the_others_are_explained(topologies: Mapping[str, Topology]) -> None:
    found = await run_exhaustive({name: topologies[name] for name in SMALL})
    # Support completes with crm, one of two and one of two: 1 * 3 * 3. Moderation with all five: 1. Each in two modes.
    assert found == Exhaustive(
        runs=128, feasible=20, completed=20, infeasible=108, explained=108, silent=0, duplicates=0
    )


async def test_when_replies_are_lost_nothing_is_done_twice_and_nothing_goes_unsaid(
    topologies: Mapping[str, Topology],
) -> None:
    found = await run_lost_replies({name: topologies[name] for name in SMALL})
    # All sets of both topologies; then those of crm, stripe and razorpay, and of the five checks, lose one reply each.
    assert found == LostReplies(runs=64 + 40, silent=0, duplicates=0, mendable=40, completed=40)


@pytest.mark.parametrize(
    ("closed", "explained"),
    [
        ("stripe is down, razorpay is down", 1),
        ("stripe is down", 0),
        ("stripe is down, razorpay is down, email is down", 0),
        ("crm is down", 0),
    ],
)
def test_a_reason_explains_when_it_names_a_cause_and_nothing_beside_it(
    topologies: Mapping[str, Topology], closed: str, explained: int
) -> None:
    support = topologies["support"]
    told = Told(status=Status.ESCALATED, reason=f"no way is left; closed: {closed}")
    found = counted(support, frozenset({"stripe", "razorpay", "email"}), told, World(support.tools, Faults()))
    assert found.explained == explained
