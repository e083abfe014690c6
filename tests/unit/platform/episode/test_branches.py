from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.base import Reply
from stigmergy.domain import GOAL, START, FailureKind, Spend, Status, Usage
from stigmergy.errors import IllegalEvent
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import advance, fold
from stigmergy.platform.episode.state import CancelBranch, Command, EpisodeState, Join, Phase, Repair

ONE = Spend(Decimal(1), 2, 1)
VERSIONS = ev.Versions(graph="g", policy="p", config="c", features="f")
BEGUN: list[ev.Event] = [
    ev.Accepted(task_id="t", graph="g", router="r", versions=VERSIONS, mixture={}, complexity=0.0, max_attempts=2),
    ev.HopChosen(source=START, node="fan", decided_by=ev.DecidedBy.ROUTER, probability=1.0),
    ev.BranchesStarted(node="fan", started=("x", "y"), required=("x",), left_out=(("z", "too dear"),)),
]


def hop(branch: str, source: str, node: str) -> ev.HopChosen:
    return ev.HopChosen(source=source, node=node, decided_by=ev.DecidedBy.ROUTER, probability=1.0, branch=branch)


def called(branch: str, node: str) -> list[ev.Event]:
    return [
        hop(branch, START, node),
        ev.CallStarted(step=branch, node=node, agent=node, attempt=1, reserved=ONE, branch=branch),
    ]


def goes_well(branch: str, node: str) -> list[ev.Event]:
    reply = Reply(text=node, usage=Usage(1, 1, 1, Decimal(1)))
    return [
        *called(branch, node),
        ev.CallSucceeded(step=branch, node=node, agent=node, reply=reply, charged=ONE, branch=branch),
        hop(branch, node, GOAL),
        ev.Finished(status=Status.COMPLETED, reason="", branch=branch),
    ]


def is_lost(branch: str, node: str, *, required: bool) -> list[ev.Event]:
    refused = FailureKind.REFUSED
    return [
        *called(branch, node),
        ev.CallFailed(
            step=branch, node=node, agent=node, attempt=1, failure=refused, reason="no", charged=ONE, branch=branch
        ),
        ev.Escalated(reason="nothing is left", branch=branch),
        ev.BranchLost(reason="nothing is left", required=required, loss=0.0, branch=branch),
    ]


def merged(order: list[bool], first: list[ev.Event], second: list[ev.Event]) -> list[ev.Event]:
    """Both lists in one, each in its own order."""
    left, right, out = list(first), list(second), []
    for takes_first in order:
        source = left if (takes_first and left) or not right else right
        if source:
            out.append(source.pop(0))
    return [*out, *left, *right]


@given(st.lists(st.booleans(), max_size=10), st.booleans())
@settings(max_examples=80, deadline=None)
def test_whatever_order_branches_move_in_they_lead_to_the_same_state(order: list[bool], well: bool) -> None:
    second = goes_well("fan/y", "b") if well else is_lost("fan/y", "b", required=False)
    events = merged(order, goes_well("fan/x", "a"), second)
    state = EpisodeState()
    commands: tuple[Command, ...] = ()
    for event in [*BEGUN, *events]:
        state, commands = advance(state, event)
        assert state.reserved == sum((arm.reserved for arm in state.branches.values()), Spend())
    assert state == fold([*BEGUN, *goes_well("fan/x", "a"), *second])
    assert (state.phase, state.charged) == (Phase.JOINING, ONE + ONE)
    assert commands == (Join("fan"),)
    joined, _ = advance(state, ev.Joined(node="fan", rule="vote", joined=("x",), reply=Reply(text="a")))
    assert joined.dropped == (("fan/z",) if well else ("fan/y", "fan/z"))
    assert (joined.route, joined.visits, len(joined.failures)) == (("fan",), 2, int(not well))


def test_a_lost_required_branch_stops_its_sisters_and_then_asks_for_a_repair() -> None:
    state = fold([*BEGUN, *called("fan/y", "b"), *is_lost("fan/x", "a", required=True)[:-1]])
    state, commands = advance(state, is_lost("fan/x", "a", required=True)[-1])
    assert commands == (CancelBranch("the required branch x was lost", "fan/y"),)
    state, _ = advance(state, ev.Cancelled(reason="why", branch="fan/y"))
    state, (repair,) = advance(state, ev.Finished(status=Status.CANCELLED, reason="why", branch="fan/y"))
    assert isinstance(repair, Repair)
    assert (state.phase, state.charged, state.reserved) == (Phase.REPAIRING, ONE + ONE, Spend())
    assert state.excluded == {"fan"}
    assert state.branches == {}


@pytest.mark.parametrize(
    "event",
    [
        hop("fan/ghost", START, "a"),
        hop("other/x", START, "a"),
        hop("fan/z", START, "a"),
        hop("fan/x/deep/p", START, "a"),
        hop("", "fan", "b"),
        ev.Joined(node="fan", rule="vote", joined=("x",), reply=Reply(text="a")),
        ev.BranchLost(reason="why", required=True, loss=0.0),
        ev.BranchesStarted(node="fan", started=("x",), required=("x",)),
    ],
)
def test_an_event_that_no_branch_waits_for_is_refused(event: ev.Event) -> None:
    with pytest.raises(IllegalEvent):
        advance(fold(BEGUN), event)


def test_what_is_required_has_to_be_started() -> None:
    for started, required in ((("x", "x"), ("x",)), (("x",), ("y",)), (("x",), ())):
        with pytest.raises(IllegalEvent):
            fold([*BEGUN[:2], ev.BranchesStarted(node="fan", started=started, required=required)])
