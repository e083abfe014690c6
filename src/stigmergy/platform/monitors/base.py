"""Monitors side by side: each may object to the hop about to be taken, and the objection of highest priority counts.

Priorities are those that the graph-based tool routers publish: tool health .99, risk .95 and .85, intent .90, progress
.50. The higher of the two for risk is that of a veto, so that nobody is asked to approve what intent forbids anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from stigmergy.domain import AgentProfile, NodeId, Task
from stigmergy.graphs.overlay import Condition
from stigmergy.platform.episode.state import EpisodeState
from stigmergy.routers.base import QueryFeatures

TOOL_HEALTH: Final = 0.99
RISK_VETO: Final = 0.95
INTENT: Final = 0.90
RISK_APPROVAL: Final = 0.85
PROGRESS: Final = 0.50


class Ruling(StrEnum):
    """What becomes of a hop that a monitor objects to."""

    VETO = "veto"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextHop:
    """The hop about to be taken: into ``node``, to call its agent, on the line that stands at ``state``."""

    task: Task
    node: NodeId
    agent: AgentProfile
    state: EpisodeState
    features: QueryFeatures
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An objection: veto, or ask somebody. ``priority`` in [0, 1]."""

    monitor: str
    priority: float
    ruling: Ruling
    reason: str


class Monitor(Protocol):
    """Looks at one kind of trouble."""

    def look(self, hop: NextHop) -> Verdict | None:
        """The objection to this hop; None when there is none."""
        ...


def ruling(monitors: Iterable[Monitor], hop: NextHop) -> Verdict | None:
    """The objection of highest priority; of equal ones the first monitor's. None: the hop is free.

    What was approved in this episode is not held back again; a veto holds all the same.
    """
    verdicts = [verdict for monitor in monitors if (verdict := monitor.look(hop)) is not None]
    if hop.node in hop.state.approved:
        verdicts = [verdict for verdict in verdicts if verdict.ruling is Ruling.VETO]
    return max(verdicts, key=lambda verdict: verdict.priority, default=None)
