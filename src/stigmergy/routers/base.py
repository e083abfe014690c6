"""The contract of a router: scores over feasible hops, with evidence. It knows nothing of execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import NOTHING, AgentId, Budget, EpisodeId, Failure, Mixture, NodeId, Spend, Usage
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.overlay import ALL_HEALTHY, Overlay

Vector = NDArray[np.float32]
UNLIMITED: Final = Budget()


@dataclass(frozen=True, slots=True)
class QueryFeatures:
    """What routers see of a query: a unit vector, a mixture over task types, complexity in [0, 1], and the text.

    The text is for routers that bring an embedding of their own.
    """

    vector: Vector
    mixture: Mixture
    complexity: float
    version: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A successor that passed the mask.

    ``worst_case`` is what its call may use at most; ``cost_to_go`` holds the Pareto-least worst cases of completing the
    route after it.
    """

    node: NodeId
    agent: AgentId
    worst_case: Spend
    cost_to_go: tuple[Spend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingState:
    """Everything a router may look at when one hop is chosen."""

    query: QueryFeatures
    graph: AgentGraph
    position: NodeId
    candidates: tuple[Candidate, ...]
    overlay: Overlay = ALL_HEALTHY
    visited: tuple[NodeId, ...] = ()
    confidences: tuple[float | None, ...] = ()
    """Confidence of the last replies, oldest first."""
    spent: Spend = NOTHING
    budget: Budget = UNLIMITED
    trade_off: float | None = None
    """What the task says that money is worth in quality, for routers that are ``TradesOff``; None: nothing."""


Evidence = Mapping[str, float]
"""Named figures behind one candidate's score, for a person to read: trail, heuristic, predicted cost ..."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One float per candidate, higher is better, in the order of ``RoutingState.candidates``."""

    values: tuple[float, ...]
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """One committed step, as a router learns from it.

    ``judgement`` in [0, 1] is the next stage's checker's verdict of this step, None where nobody judged it.
    ``decided_by_router`` is False for forced hops (repairs, retries).
    """

    source: NodeId
    node: NodeId
    agent: AgentId
    usage: Usage
    judgement: float | None
    answered: bool = True
    """False: the agent said that it could not do the work."""
    decided_by_router: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A finished episode, as a router learns from it. ``quality`` in [0, 1]; None: nobody judged it."""

    episode_id: EpisodeId
    graph: str
    mixture: Mixture
    steps: tuple[StepOutcome, ...]
    quality: float | None
    cost_usd: float
    infrastructure_failures: tuple[Failure, ...] = ()
    features: QueryFeatures | None = None
    judged_probability: float = 1.0
    labels: Mapping[str, str] = field(default_factory=dict)


class Router(Protocol):
    """Scores the feasible next hops."""

    def scores(self, state: RoutingState) -> Scores:
        """Score each of ``state.candidates`` (at least one)."""
        ...

    def learn(self, outcome: Outcome) -> None:
        """Take a finished episode in. Cheap; called off the serving path."""
        ...


@runtime_checkable
class TradesOff(Protocol):
    """A router that weighs quality against money at a rate that a task may choose."""

    @property
    def trade_off(self) -> float:
        """What money is worth in quality where the task does not say, at least 0; each router tells its unit."""
        ...
