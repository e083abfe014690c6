"""Where an episode stands, and what the engine is asked to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from stigmergy.agents.base import Reply
from stigmergy.domain import NO_USAGE, NOTHING, START, Failure, NodeId, Spend, Status, Usage


class Phase(StrEnum):
    """What the episode waits for."""

    NEW = "new"
    CHOOSING = "choosing a hop"
    CALLING = "about to call an agent"
    APPROVING = "waiting for an approval"
    WAITING = "waiting for an agent"
    REPAIRING = "repairing its route"
    FANNED_OUT = "waiting for the branches of a fan-out"
    DELIBERATING = "deciding whom of a panel to ask next"
    JOINING = "joining the replies of a fan-out"
    FINISHING = "finishing"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class EpisodeState:
    """The fold of an episode's events. A branch has a state of its own, of the same kind, inside its fan-out's line.

    What is used, charged, reserved, failed, rerouted and in doubt counts every branch below at once; route, replies,
    excluded nodes and plans are those of the one line.
    """

    phase: Phase = Phase.NEW
    position: NodeId = START
    """The last committed node."""
    target: NodeId | None = None
    """The node being called."""
    attempt: int = 0
    """The attempt that is made, or is to be made, at ``target``."""
    max_attempts: int = 1
    max_hand_backs: int = 0
    visits: int = 0
    """Nodes called so far. It never goes back, so that a node called again after a back-up is a step of its own."""
    planned: tuple[NodeId, ...] = ()
    """Hops that healing has fixed, next first."""
    route: tuple[NodeId, ...] = ()
    replies: tuple[Reply, ...] = ()
    usage: Usage = NO_USAGE
    charged: Spend = NOTHING
    reserved: Spend = NOTHING
    branches: Mapping[str, EpisodeState] = field(default_factory=dict)
    """The branches of the fan-out at ``target``, by name, from its start to its join.

    Of a panel there is one for each agent that was asked, in this order; one of them runs at a time.
    """
    required: frozenset[str] = frozenset()
    """Those of ``branches`` that the join cannot do without: at least one of a fan-out, none of a panel."""
    excluded: frozenset[NodeId] = frozenset()
    """Nodes whose agent failed, was vetoed or not approved, or gave its work back in this episode."""
    held_for: str = ""
    """Why the hop to ``target`` waits for an approval."""
    approved: frozenset[NodeId] = frozenset()
    """Nodes to which a hop was approved."""
    in_doubt: frozenset[str] = frozenset()
    """Side effects of failed calls that may have happened all the same."""
    dropped: tuple[NodeId, ...] = ()
    failures: tuple[Failure, ...] = ()
    reroutes: int = 0
    hand_backs: int = 0
    control_llm_calls: int = 0
    escalation_reason: str | None = None
    status: Status = Status.PENDING
    reason: str = ""
    quality: float | None = None

    def but(self, **changes: Any) -> EpisodeState:
        """The state with these fields changed.

        ``dataclasses.replace`` sets every one of the fields anew, which was half of an engine's time; this copies them
        at once.
        """
        fresh = object.__new__(EpisodeState)
        fields = fresh.__dict__
        fields.update(self.__dict__)
        known = len(fields)
        fields.update(changes)
        if len(fields) > known:
            raise TypeError(f"an episode's state has no {', '.join(changes.keys() - self.__dict__.keys())}")
        return fresh

    @property
    def alive(self) -> bool:
        """Whether the episode, or the branch, still has work to do."""
        return self.phase is not Phase.ENDED

    @property
    def on_panel(self) -> bool:
        """Whether the branches are agents of a panel, asked one at a time."""
        return bool(self.branches) and not self.required

    @property
    def answer(self) -> str | None:
        """The text of the last committed reply; for an unfinished episode, its partial result."""
        return self.replies[-1].text if self.replies else None


@dataclass(frozen=True, slots=True)
class ChooseHop:
    """Let the router choose from ``position``; with ``forced``, take that hop."""

    position: NodeId
    forced: NodeId | None = None
    branch: str = ""


@dataclass(frozen=True, slots=True)
class CallAgent:
    """Reserve, call the agent at ``node``, and say how it went; of a fan-out, start the branches."""

    node: NodeId
    attempt: int
    branch: str = ""


@dataclass(frozen=True, slots=True)
class AskApproval:
    """Wait until somebody decides whether the agent at ``node`` may be called."""

    node: NodeId
    reason: str
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Repair:
    """Find a way on for the rest of the line."""

    reason: str
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Escalate:
    """Look for no further way: hand the line to the escalation agent, or to the caller."""

    reason: str
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """Close the line with this outcome."""

    status: Status
    reason: str
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Deliberate:
    """Decide whether the panel at ``node`` asks one more agent, or what it answers."""

    node: NodeId
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """Make one reply of the replies of the fan-out at ``node``, whose branches have all ended."""

    node: NodeId
    branch: str = ""


@dataclass(frozen=True, slots=True)
class CancelBranch:
    """Stop the branch: what it would give is not needed any more."""

    reason: str
    branch: str


@dataclass(frozen=True, slots=True)
class AwaitBranches:
    """Go on with the branches of the node, a fan-out or a panel, that run already. Only a resumed run is asked to."""

    node: NodeId
    branch: str = ""


Command: TypeAlias = (
    ChooseHop | CallAgent | AskApproval | Repair | Escalate | Finish | Deliberate | Join | CancelBranch | AwaitBranches
)
