"""The kinds of nodes an agent graph is made of, as its author writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from stigmergy.domain import AgentId, NodeId

VOTES: Final = ("vote", "weighted_vote")
JOINS: Final = (*VOTES, "concatenate", "first_good")
"""The rules by which the replies of a fan-out's branches become one."""
REFINE: Final = "refine"
"""A join by an agent, which is spelled out as a node of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNode:
    """One agent at one place of the graph. An optional node may be dropped at a ``loss`` in [0, 1] of quality."""

    kind: Literal["agent"] = "agent"
    agent: AgentId
    optional: bool = False
    loss: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One arm of a fan-out: itself an agent graph from START to GOAL."""

    graph: GraphSpec
    required: bool = True
    loss: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOutNode:
    """Several branches in parallel and the name of the rule that joins their replies.

    ``stop_at`` in (0, 1], for votes: once the leading answer is sure of this share of all votes, what still runs is
    cancelled (and charged). None: every branch is waited for. ``join: refine`` has the agent ``refiner`` make one
    answer of all: shorthand for ``concatenate`` and that agent as the next node, ``NAME.refined``.
    """

    kind: Literal["fan_out"] = "fan_out"
    branches: Mapping[str, Branch]
    join: str = "vote"
    stop_at: float | None = None
    refiner: AgentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelNode:
    """Agents that are asked the same, one at a time, until what they answered is enough.

    After each answer a rule, learnt from logs or built in, decides: stop with the answer that is most likely right, or
    ask one more agent, and which. ``max_asks`` (at least 1) is how many are asked at most, None: all. ``rule`` names
    one of the configured rules; empty: the built-in one.
    """

    kind: Literal["panel"] = "panel"
    agents: tuple[AgentId, ...]
    max_asks: int | None = None
    rule: str = ""

    @property
    def most(self) -> int:
        """How many agents are asked at most."""
        return len(self.agents) if self.max_asks is None else self.max_asks


Node: TypeAlias = AgentNode | FanOutNode | PanelNode


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSpec:
    """A graph as written in the configuration: plain data, serialisable, not yet validated.

    ``edges`` maps a node (or START) to its successors (or GOAL). ``stages`` is shorthand: every node of a stage leads
    to every node of the next, START to the first and the last to GOAL. Both may be given; their edges add up. A name
    that is not in ``nodes`` is a node with the agent of that name.
    """

    description: str = ""
    nodes: Mapping[NodeId, Node] = field(default_factory=dict)
    edges: Mapping[NodeId, tuple[NodeId, ...]] = field(default_factory=dict)
    stages: tuple[tuple[NodeId, ...], ...] = ()
    escalation: AgentId | None = None
