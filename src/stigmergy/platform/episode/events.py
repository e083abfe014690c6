"""What can happen in an episode. Events are appended, never changed; folding them gives the state back.

``branch`` says on which line an event happened: "" is the main line, ``fan/text`` the branch ``text`` of the fan-out
``fan``, ``fan/text/deep/x`` a branch of a fan-out in that branch. Only where it is not "" is it stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from stigmergy.agents.base import Reply
from stigmergy.domain import AgentId, FailureKind, NodeId, Spend, Status, TaskId

EVENT_FORMAT = 2
"""Version of the stored form; readers upcast older ones. What 2 added to 1 has defaults, so 1 reads as it is."""


class DecidedBy(StrEnum):
    """Who chose a hop. Only ``router`` decisions enter importance ratios."""

    ROUTER = "router"
    HEALING = "healing"
    FORCED = "forced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One candidate of a hop as logged: what a learner needs to judge the choice later.

    ``score`` is None where it was the only candidate: there was nothing to ask a router.
    """

    node: NodeId
    score: float | None
    probability: float
    worst_case: Spend
    cost_to_go: tuple[Spend, ...]
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What an episode was decided with, so that it can be replayed."""

    graph: str
    policy: str
    config: str
    features: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The task was taken; everything it runs with is pinned."""

    kind: Literal["accepted"] = "accepted"
    task_id: TaskId
    graph: str
    router: str
    versions: Versions
    mixture: Mapping[str, float]
    complexity: float
    max_attempts: int
    max_hand_backs: int = 2
    trade_off: float | None = None
    """What money is worth in quality to the router; None, and not stored, where it takes no trade-off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The graph's guard refused the query before any hop; ``probability`` is that it is none for these agents."""

    kind: Literal["rejected"] = "rejected"
    reason: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HopChosen:
    """The next node was chosen among the feasible ``options`` with ``probability`` (the propensity).

    ``not_retrieved`` counts feasible successors that retrieval left out: they were no options. It is stored only where
    it is not 0.
    """

    kind: Literal["hop_chosen"] = "hop_chosen"
    source: NodeId
    node: NodeId
    decided_by: DecidedBy
    probability: float
    options: tuple[Option, ...] = ()
    refused: tuple[tuple[NodeId, str], ...] = ()
    selection: str = ""
    overlay_version: int = 0
    policy_version: str = ""
    not_retrieved: int = 0
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted:
    """Budget is reserved and the call is about to be sent."""

    kind: Literal["call_started"] = "call_started"
    step: str
    node: NodeId
    agent: AgentId
    attempt: int
    reserved: Spend
    grant: str = ""
    """Who leased the budget that this is reserved in; not stored where no budget above the task's is limited."""
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSucceeded:
    """The step is committed. ``overrun`` is what the agent used above its worst case."""

    kind: Literal["call_succeeded"] = "call_succeeded"
    step: str
    node: NodeId
    agent: AgentId
    reply: Reply
    charged: Spend
    overrun: Spend | None = None
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed:
    """The call failed; ``charged`` is the worst case when the work may have been done.

    ``in_doubt`` names the agent's side effect when it may have happened; no other step may then repeat it. ``final``:
    the call must not be sent again (it may have had an effect, and its agent is not idempotent).
    """

    kind: Literal["call_failed"] = "call_failed"
    step: str
    node: NodeId
    agent: AgentId
    attempt: int
    failure: FailureKind
    reason: str
    charged: Spend
    in_doubt: str | None = None
    final: bool = False
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cornered:
    """No feasible hop is left from where the episode stands (health or failures changed under way).

    While a panel is asked: nobody on it answered, and nobody is left to be asked.
    """

    kind: Literal["cornered"] = "cornered"
    position: NodeId
    reasons: tuple[tuple[NodeId, str], ...]
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerouted:
    """Dijkstra found another path from ``source``; steps of ``undone`` were backed up past."""

    kind: Literal["rerouted"] = "rerouted"
    source: NodeId
    path: tuple[NodeId, ...]
    weight: float
    undone: tuple[NodeId, ...] = ()
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demoted:
    """The goal was reduced: ``dropped`` optional nodes are left out, at this loss of quality."""

    kind: Literal["demoted"] = "demoted"
    source: NodeId
    path: tuple[NodeId, ...]
    dropped: tuple[NodeId, ...]
    loss: float
    weight: float
    undone: tuple[NodeId, ...] = ()
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """No feasible path is left. ``to`` is the graph's escalation agent, None when the caller has to decide."""

    kind: Literal["escalated"] = "escalated"
    reason: str
    to: AgentId | None = None
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRefused:
    """A reservation (of a first call, or of a retry) did not fit."""

    kind: Literal["budget_refused"] = "budget_refused"
    node: NodeId
    reason: str
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vetoed:
    """A monitor forbade the hop before the agent was called; the agent is left out from here on."""

    kind: Literal["vetoed"] = "vetoed"
    node: NodeId
    agent: AgentId
    monitor: str
    priority: float
    reason: str
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked:
    """A monitor holds the hop back until somebody decides. A journal that ends here leads back to waiting."""

    kind: Literal["approval_asked"] = "approval_asked"
    node: NodeId
    agent: AgentId
    monitor: str
    priority: float
    reason: str
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGiven:
    """Somebody decided: the agent is called, or left out from here on."""

    kind: Literal["approval_given"] = "approval_given"
    node: NodeId
    approved: bool
    by: str
    comment: str = ""
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedBack:
    """The agent gave the work back undone: the call is charged, nothing is committed, and somebody else is asked."""

    kind: Literal["handed_back"] = "handed_back"
    step: str
    node: NodeId
    agent: AgentId
    reason: str
    charged: Spend
    overrun: Spend | None = None
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchesStarted:
    """A fan-out begins: these branches run side by side.

    ``required`` are those of ``started`` that the join cannot do without. ``left_out`` are optional branches for which
    too little budget was left, with the reason: the goal is reduced by them.
    """

    kind: Literal["branches_started"] = "branches_started"
    node: NodeId
    started: tuple[str, ...]
    required: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchLost:
    """The branch ended without a result: a demotion where it is optional, else a failure of its fan-out."""

    kind: Literal["branch_lost"] = "branch_lost"
    reason: str
    required: bool
    loss: float
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAsked:
    """The panel at ``node`` asks one more ``agent``, whose step is that of a branch of this name.

    ``probability`` is that of this decision, and ``advantage`` the quality that it is expected to bring over stopping,
    net of its price (None: the ``rule`` expects nothing in figures). ``checks_unanimity``: the rule would have stopped
    on a unanimous answer, which is checked. ``refused`` are agents that could not have been asked, with the reason.
    """

    kind: Literal["panel_asked"] = "panel_asked"
    node: NodeId
    agent: AgentId
    rule: str
    probability: float
    advantage: float | None = None
    checks_unanimity: bool = False
    refused: tuple[tuple[AgentId, str], ...] = ()
    overlay_version: int = 0
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The fan-out or panel is committed: ``reply`` is what its rule made of the replies of ``joined``, in this order.

    Its usage is the sum of that of all branches, charged already when each of their calls ended. ``probability`` is
    that of a panel's decision to stop here.
    """

    kind: Literal["joined"] = "joined"
    node: NodeId
    rule: str
    joined: tuple[str, ...]
    reply: Reply
    probability: float = 1.0
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePassed:
    """The task's deadline passed; what is there is returned as a partial result."""

    kind: Literal["deadline_passed"] = "deadline_passed"
    position: NodeId
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The caller, or a shutdown, ended the task."""

    kind: Literal["cancelled"] = "cancelled"
    reason: str
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The episode ended; nothing but QualityGiven may follow."""

    kind: Literal["finished"] = "finished"
    status: Status
    reason: str
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityGiven:
    """An evaluator, a judge or a user gave a quality in [0, 1]; ``probability`` is that of being judged at all."""

    kind: Literal["quality_given"] = "quality_given"
    quality: float
    source: str
    probability: float = 1.0


Event: TypeAlias = (
    Accepted
    | Rejected
    | HopChosen
    | CallStarted
    | CallSucceeded
    | CallFailed
    | Cornered
    | Rerouted
    | Demoted
    | Escalated
    | BudgetRefused
    | Vetoed
    | ApprovalAsked
    | ApprovalGiven
    | HandedBack
    | BranchesStarted
    | BranchLost
    | PanelAsked
    | Joined
    | DeadlinePassed
    | Cancelled
    | Finished
    | QualityGiven
)
