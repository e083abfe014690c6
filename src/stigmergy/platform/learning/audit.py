"""Is every failure accounted for? Counted from the stored events, not from what the engine believes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeGuard

from stigmergy.domain import ESCALATION
from stigmergy.platform.episode import events as ev

_ANSWERS = (ev.Rerouted, ev.Demoted, ev.Escalated, ev.BudgetRefused, ev.DeadlinePassed, ev.Cancelled)
_GONE_ON = (*_ANSWERS, ev.Joined, ev.PanelAsked, ev.Cornered)

Failed: TypeAlias = ev.CallFailed | ev.Vetoed | ev.HandedBack | ev.ApprovalGiven


def silent_failures(events: Sequence[ev.Event]) -> int:
    """How many failures were followed by nothing: no retry, reroute, demotion, escalation or other explicit end.

    A failure is a failed call, a veto, an approval that was refused, and work that was given back.
    Lines run side by side, so what answers a failure is the next event of its own line. A lost branch has to be
    answered too: by its fan-out's join, which names it as dropped, by a repair of the line that holds it, or by an end;
    on a panel by what it does next.
    """
    unanswered = [
        not _answered(event, _of_line(events[index + 1 :], event.branch))
        for index, event in enumerate(events)
        if _went_wrong(event)
    ]
    forgotten = [
        not _taken_up(event, events[index + 1 :])
        for index, event in enumerate(events)
        if isinstance(event, ev.BranchLost)
    ]
    return sum(unanswered) + sum(forgotten)


def _went_wrong(event: ev.Event) -> TypeGuard[Failed]:
    if isinstance(event, ev.ApprovalGiven):
        return not event.approved
    return isinstance(event, (ev.CallFailed, ev.Vetoed, ev.HandedBack))


def _of_line(events: Sequence[ev.Event], branch: str) -> list[ev.Event]:
    """The next event of a line; the end of a line around it is one of its own as well."""
    ends = (ev.Cancelled, ev.Finished)
    return [
        event
        for event in events
        if (path := getattr(event, "branch", "")) == branch or (isinstance(event, ends) and holds(path, branch))
    ]


def holds(path: str, branch: str) -> bool:
    """Whether the line at ``path`` holds the one at ``branch``."""
    return not path or branch.startswith(f"{path}/")


def _taken_up(lost: ev.BranchLost, rest: Sequence[ev.Event]) -> bool:
    outside = lost.branch.rsplit("/", 2)[0] if lost.branch.count("/") > 1 else ""
    following = _of_line(rest, outside)
    return bool(following) and isinstance(following[0], _ANSWERS if lost.required else _GONE_ON)


def _answered(failed: Failed, rest: Sequence[ev.Event]) -> bool:
    if not rest:
        return False
    following = rest[0]
    if isinstance(following, ev.CallStarted) and isinstance(failed, ev.CallFailed):
        return following.node == failed.node and following.attempt == failed.attempt + 1
    if isinstance(following, ev.Finished):
        return failed.node == ESCALATION
    return isinstance(following, _ANSWERS)
