"""The hops of one stored episode, with what each was charged and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from stigmergy.domain import GOAL, FailureKind, Status, to_nano
from stigmergy.platform.episode import events as ev
from stigmergy.platform.learning.rl.steps import Outcome

_ABSENT: Final = (FailureKind.UNAVAILABLE, FailureKind.OVERLOADED, FailureKind.INTERRUPTED)
_Charged: TypeAlias = ev.CallSucceeded | ev.CallFailed | ev.HandedBack


@dataclass(slots=True)
class Hop:
    """One decision; amounts in nano-dollars. ``spent`` and ``committed`` are as they stood before it.

    ``reserved`` is the worst case of an attempt at it.
    """

    chosen: ev.HopChosen
    spent: int
    committed: int
    reserved: int = 0
    charged: int = 0
    outcome: Outcome = Outcome.FAILED


def hops_of(events: Sequence[ev.Event]) -> list[Hop]:
    """The main line's hops in order; what branches of a fan-out were charged belongs to the hop that led there.

    Going to GOAL because nothing else was left is no decision. A step that healing undid stays the decision it was.
    """
    hops: list[Hop] = []
    spent = committed = 0
    for event in events:
        if isinstance(event, ev.HopChosen) and not event.branch and not _goes_home(event):
            hops.append(Hop(event, spent, committed))
        elif isinstance(event, ev.CallStarted) and hops and not event.branch:
            hops[-1].reserved = to_nano(event.reserved.usd)
        elif isinstance(event, _Charged):
            amount = to_nano(event.charged.usd)
            spent += amount
            if hops:
                hops[-1].charged += amount
        elif isinstance(event, (ev.Rerouted, ev.Demoted)) and not event.branch:
            committed -= len(event.undone)
        if hops and _tells_of(event, hops[-1]):
            hops[-1].outcome = _outcome(event)
            committed += hops[-1].outcome is Outcome.ANSWERED
    return hops


def ended(hops: Sequence[Hop], status: Status) -> bool:
    """Mark how the last hop ended by how the episode did; whether that was an end (else the episode was cut off)."""
    last = hops[-1]
    if last.chosen.node == GOAL:
        last.outcome = Outcome.ANSWERED
    if last.outcome is Outcome.ANSWERED and status in (Status.ESCALATED, Status.REFUSED):
        last.outcome = Outcome.ESCALATED
    if status is Status.CANCELLED and last.outcome is not Outcome.UNAVAILABLE:
        last.outcome = Outcome.CANCELLED
    return status is not Status.CANCELLED


def _goes_home(chosen: ev.HopChosen) -> bool:
    return chosen.node == GOAL and chosen.decided_by is not ev.DecidedBy.ROUTER


def _tells_of(event: ev.Event, hop: Hop) -> bool:
    """Whether this is how the hop's call ended; an attempt that failed may be followed by one that does not."""
    kinds = (ev.CallSucceeded, ev.Joined, ev.CallFailed, ev.HandedBack, ev.Vetoed)
    return isinstance(event, kinds) and not event.branch and event.node == hop.chosen.node


def _outcome(event: ev.Event) -> Outcome:
    if isinstance(event, (ev.CallSucceeded, ev.Joined)):
        return Outcome.ANSWERED
    absent = isinstance(event, ev.CallFailed) and event.failure in _ABSENT
    return Outcome.UNAVAILABLE if absent else Outcome.FAILED
