"""Where an episode stands, and what the engine is asked to do next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from stigmergy.agents.base import Reply
from stigmergy.domain import NO_USAGE, NOTHING, START, Failure, NodeId, Spend, Status, Usage


class Phase(StrEnum):
    """What the episode waits for."""

    NEW = "new"
    CHOOSING = "choosing a hop"
    CALLING = "about to call an agent"
    WAITING = "waiting for an agent"
    REPAIRING = "repairing its route"
    FINISHING = "finishing"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeState:
    """The fold of an episode's events."""

    phase: Phase = Phase.NEW
    position: NodeId = START
    """The last committed node."""
    target: NodeId | None = None
    """The node being called."""
    attempt: int = 0
    """The attempt that is made, or is to be made, at ``target``."""
    max_attempts: int = 1
    visits: int = 0
    """Nodes called so far. It never goes back, so that a node called again after a back-up is a step of its own."""
    planned: tuple[NodeId, ...] = ()
    """Hops that healing has fixed, next first."""
    route: tuple[NodeId, ...] = ()
    replies: tuple[Reply, ...] = ()
    usage: Usage = NO_USAGE
    charged: Spend = NOTHING
    reserved: Spend = NOTHING
    excluded: frozenset[NodeId] = frozenset()
    """Nodes whose agent failed in this episode."""
    in_doubt: frozenset[str] = frozenset()
    """Side effects of failed calls that may have happened all the same."""
    dropped: tuple[NodeId, ...] = ()
    failures: tuple[Failure, ...] = ()
    reroutes: int = 0
    control_llm_calls: int = 0
    escalation_reason: str | None = None
    status: Status = Status.PENDING
    reason: str = ""
    quality: float | None = None

    @property
    def answer(self) -> str | None:
        """The text of the last committed reply; for an unfinished episode, its partial result."""
        return self.replies[-1].text if self.replies else None


@dataclass(frozen=True, slots=True)
class ChooseHop:
    """Let the router choose from ``position``; with ``forced``, take that hop."""

    position: NodeId
    forced: NodeId | None = None


@dataclass(frozen=True, slots=True)
class CallAgent:
    """Reserve, call the agent at ``node``, and say how it went."""

    node: NodeId
    attempt: int


@dataclass(frozen=True, slots=True)
class Repair:
    """Find a way on for the rest of the episode."""

    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Close the episode with this outcome."""

    status: Status
    reason: str


Command: TypeAlias = ChooseHop | CallAgent | Repair | Finish
