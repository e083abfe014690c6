from __future__ import annotations

import pytest

from stigmergy.domain import ESCALATION, GOAL, NOTHING, START, FailureKind, Status
from stigmergy.platform.episode import events as ev
from stigmergy.platform.learning.audit import silent_failures


def failed(node: str = "a", attempt: int = 1) -> ev.CallFailed:
    return ev.CallFailed(
        step="s", node=node, agent="a", attempt=attempt, failure=FailureKind.ERROR, reason="why", charged=NOTHING
    )


def started(node: str = "a", attempt: int = 2) -> ev.CallStarted:
    return ev.CallStarted(step="s", node=node, agent="a", attempt=attempt, reserved=NOTHING)


FINISHED = ev.Finished(status=Status.ESCALATED, reason="why")
ANSWERS = [
    started(),
    ev.BudgetRefused(node="a", reason="why"),
    ev.Rerouted(source=START, path=(GOAL,), weight=0.0),
    ev.Demoted(source=START, path=(GOAL,), dropped=("a",), loss=0.1, weight=0.0),
    ev.Escalated(reason="why"),
    ev.DeadlinePassed(position=START),
    ev.Cancelled(reason="why"),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda event: event.kind)
def test_an_answered_failure_is_not_silent(answer: ev.Event) -> None:
    assert silent_failures([failed(), answer]) == 0


@pytest.mark.parametrize("rest", [[], [FINISHED], [started("b")], [started(attempt=1)]])
def test_a_failure_without_an_answer_is_silent(rest: list[ev.Event]) -> None:
    assert silent_failures([failed(), *rest]) == 1


def test_a_failed_escalation_ends_the_episode() -> None:
    assert silent_failures([failed(ESCALATION), FINISHED]) == 0
