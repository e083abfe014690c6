"""Is every failure accounted for? Counted from the stored events, not from what the engine believes."""

from __future__ import annotations

from collections.abc import Sequence

from stigmergy.domain import ESCALATION
from stigmergy.platform.episode import events as ev

_ANSWERS = (ev.Rerouted, ev.Demoted, ev.Escalated, ev.BudgetRefused, ev.DeadlinePassed, ev.Cancelled)


def silent_failures(events: Sequence[ev.Event]) -> int:
    """How many failed calls were followed by nothing: no retry, reroute, demotion, escalation or other explicit end."""
    return sum(
        not _answered(event, events[index + 1 :])
        for index, event in enumerate(events)
        if isinstance(event, ev.CallFailed)
    )


def _answered(failed: ev.CallFailed, rest: Sequence[ev.Event]) -> bool:
    if not rest:
        return False
    following = rest[0]
    if isinstance(following, ev.CallStarted):
        return following.node == failed.node and following.attempt == failed.attempt + 1
    if isinstance(following, ev.Finished):
        return failed.node == ESCALATION
    return isinstance(following, _ANSWERS)
