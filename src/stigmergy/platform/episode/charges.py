"""What each attempt of an episode reserved and was charged: the ledger as the journal tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from stigmergy.domain import NOTHING, AgentId, NodeId, Spend
from stigmergy.platform.episode.events import CallFailed, CallStarted, CallSucceeded, Event, HandedBack


class Settlement(StrEnum):
    """How a reservation ended. ``UNKNOWN``: no end is told, so its worst case is charged."""

    COMMITTED = "committed"
    RELEASED = "released"
    WORST_CASE = "worst_case"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One attempt: what it reserved, under which grant, and what it was charged."""

    step: str
    node: NodeId
    agent: AgentId
    attempt: int
    grant: str
    reserved: Spend
    charged: Spend
    settlement: Settlement


def charges(events: Iterable[Event]) -> tuple[Charge, ...]:
    """Every attempt in the order in which they began; each is charged exactly once.

    A step has at most one attempt open at a time, so the end of a call belongs to the step's last attempt.
    """
    found: list[Charge] = []
    last: dict[str, int] = {}
    for event in events:
        match event:
            case CallStarted():
                last[event.step] = len(found)
                found.append(_begun(event))
            case CallSucceeded() | HandedBack():
                found[last[event.step]] = _ended(found[last[event.step]], event.charged, Settlement.COMMITTED)
            case CallFailed():
                how = Settlement.RELEASED if event.charged == NOTHING else Settlement.WORST_CASE
                found[last[event.step]] = _ended(found[last[event.step]], event.charged, how)
            case _:
                pass
    return tuple(found)


def _begun(event: CallStarted) -> Charge:
    return Charge(
        step=event.step,
        node=event.node,
        agent=event.agent,
        attempt=event.attempt,
        grant=event.grant,
        reserved=event.reserved,
        charged=event.reserved,
        settlement=Settlement.UNKNOWN,
    )


def _ended(begun: Charge, charged: Spend, how: Settlement) -> Charge:
    return replace(begun, charged=charged, settlement=how)
