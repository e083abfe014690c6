"""Vetoes, approvals and work that is given back, as events."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stigmergy.domain import ESCALATION, GOAL, NOTHING, START, Spend, Status
from stigmergy.errors import IllegalEvent
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import advance, fold
from stigmergy.platform.episode.codec import decode, encode
from stigmergy.platform.episode.state import AskApproval, CallAgent, Escalate, Finish, Phase, Repair
from stigmergy.platform.learning.audit import silent_failures

ONE = Spend(Decimal(1), 15, 1)
VERSIONS = ev.Versions(graph="g", policy="p", config="c", features="f")


def hop(source: str, node: str) -> ev.HopChosen:
    return ev.HopChosen(source=source, node=node, decided_by=ev.DecidedBy.ROUTER, probability=1.0)


def begun(max_hand_backs: int = 2) -> list[ev.Event]:
    accepted = ev.Accepted(
        task_id="t",
        graph="g",
        router="r",
        versions=VERSIONS,
        mixture={},
        complexity=0.0,
        max_attempts=2,
        max_hand_backs=max_hand_backs,
    )
    return [accepted, hop(START, "refund")]


def started(node: str) -> ev.CallStarted:
    return ev.CallStarted(step="s", node=node, agent=node, attempt=1, reserved=ONE)


def back(node: str) -> ev.HandedBack:
    return ev.HandedBack(step="s", node=node, agent=node, reason="not mine", charged=ONE)


OUT = frozenset({"refund"})
ASKED = ev.ApprovalAsked(node="refund", agent="refund", monitor="risk", priority=0.85, reason="15000 is above 10000")
VETOED = ev.Vetoed(node="refund", agent="refund", monitor="risk", priority=0.95, reason="50000 is above 20000")


def test_a_vetoed_hop_leaves_the_agent_out_and_is_repaired_without_a_call() -> None:
    state, commands = advance(fold(begun()), VETOED)
    assert (state.phase, state.excluded, state.charged) == (Phase.REPAIRING, OUT, NOTHING)
    assert commands == (Repair("refund: vetoed by risk (50000 is above 20000)"),)
    assert state.failures == ()


def test_a_journal_that_ends_with_a_question_leads_back_to_waiting_for_its_answer() -> None:
    journal = [encode(event) for event in begun()]
    _, commands = advance(fold(decode(event) for event in journal), ASKED)
    assert commands == (AskApproval("refund", "15000 is above 10000"),)
    state = fold(decode(event) for event in [*journal, encode(ASKED)])
    assert (state.phase, state.target, state.held_for) == (Phase.APPROVING, "refund", "15000 is above 10000")


def test_what_is_approved_is_called_and_not_asked_about_again() -> None:
    state, commands = advance(fold([*begun(), ASKED]), ev.ApprovalGiven(node="refund", approved=True, by="ann"))
    assert (state.phase, commands) == (Phase.CALLING, (CallAgent("refund", 1),))
    with pytest.raises(IllegalEvent, match="past its approval"):
        advance(state, ASKED)
    assert advance(state, VETOED)[0].excluded == {"refund"}


def test_what_is_rejected_is_left_out_and_says_who_rejected_it() -> None:
    given = ev.ApprovalGiven(node="refund", approved=False, by="ann", comment="too much")
    state, commands = advance(fold([*begun(), ASKED]), given)
    assert (state.excluded, state.approved) == (OUT, frozenset())
    assert commands == (Repair("refund: not approved by ann (too much)"),)


@pytest.mark.parametrize("node", ["other", GOAL, ESCALATION])
def test_a_decision_about_another_hop_is_refused(node: str) -> None:
    with pytest.raises(IllegalEvent, match=node):
        advance(fold([*begun(), ASKED]), ev.ApprovalGiven(node=node, approved=True, by="ann"))


def test_a_deadline_or_a_cancellation_ends_the_waiting() -> None:
    waiting = fold([*begun(), ASKED])
    late, (finish,) = advance(waiting, ev.DeadlinePassed(position=START))
    assert isinstance(finish, Finish)
    assert (finish.status, late.target, late.held_for) == (Status.ESCALATED, None, "")
    cancelled, (finish,) = advance(waiting, ev.Cancelled(reason="on request"))
    assert isinstance(finish, Finish)
    assert (finish.status, cancelled.charged) == (Status.CANCELLED, NOTHING)


def test_work_that_is_given_back_is_charged_and_goes_to_somebody_else() -> None:
    state, commands = advance(fold([*begun(), started("refund")]), back("refund"))
    assert (state.charged, state.reserved, state.route, state.hand_backs) == (ONE, NOTHING, (), 1)
    assert (state.excluded, len(state.failures)) == (OUT, 0)
    assert commands == (Repair("refund gave the work back (not mine)"),)


def test_the_guard_ends_giving_back_in_an_escalation() -> None:
    events = [*begun(max_hand_backs=1), started("refund"), back("refund")]
    events += [ev.Rerouted(source=START, path=("desk", GOAL), weight=1.0), hop(START, "desk"), started("desk")]
    state, commands = advance(fold(events), back("desk"))
    why = "desk gave the work back (not mine), and work may be given back 1 times at most"
    assert (state.phase, commands) == (Phase.REPAIRING, (Escalate(why),))
    state, (finish,) = advance(state, ev.Escalated(reason=why))
    assert finish == Finish(Status.ESCALATED, why)


def test_an_escalation_agent_that_gives_back_leaves_it_to_the_caller() -> None:
    events = [*begun(0), started("refund"), back("refund"), ev.Escalated(reason="r", to="boss"), started(ESCALATION)]
    state, (finish,) = advance(fold(events), back(ESCALATION))
    assert isinstance(finish, Finish)
    assert (finish.status, state.control_llm_calls) == (Status.ESCALATED, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        [VETOED],
        [ASKED, ev.ApprovalGiven(node="refund", approved=False, by="ann")],
        [started("refund"), back("refund")],
    ],
)
def test_a_veto_a_rejection_and_a_hand_back_must_not_be_silent(wrong: list[ev.Event]) -> None:
    events = [*begun(), *wrong]
    assert silent_failures(events) == 1
    assert silent_failures([*events, ev.Escalated(reason="why")]) == 0
    assert silent_failures([*begun(), ASKED, ev.ApprovalGiven(node="refund", approved=True, by="ann")]) == 0
