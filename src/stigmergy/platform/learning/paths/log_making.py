"""Route logs put together branch by branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np

from stigmergy.domain import GOAL, NodeId
from stigmergy.platform.learning.paths.branches import AT_START, Branches
from stigmergy.platform.learning.paths.route_log import LoggedQueries, RouteLog

UNKNOWN: Final = float("nan")
KINDS: Final[Mapping[str, type]] = {
    "outcome": object,
    **dict.fromkeys(("failed", "answered"), np.bool_),
    **dict.fromkeys(("query", "parent", "node", "runs"), np.intp),
}
"""Of the columns that are not of floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One branch as it is added; what a field means, and what stands for unknown, is said in ``Branches``."""

    query: int
    node: NodeId
    parent: int = AT_START
    outcome: str = ""
    runs: int = 1
    cost: float = 0.0
    latency: float = 0.0
    tokens: float = 0.0
    failed: bool = False
    answered: bool = True
    confidence: float = UNKNOWN
    verdict: float = UNKNOWN
    quality: float = UNKNOWN


@dataclass(slots=True)
class Growing:
    """Branches of a log that is being made; ``add`` gives the row that later ones name as their parent."""

    steps: list[Step] = field(default_factory=list)

    def add(self, step: Step) -> int:
        """Add one branch."""
        self.steps.append(step)
        return len(self.steps) - 1

    def log(self, queries: LoggedQueries, files: Mapping[str, str]) -> RouteLog:
        """The log of all that was added; raises InvalidLog as ``RouteLog`` does."""
        nodes = tuple(sorted({step.node for step in self.steps} | {GOAL}))
        return RouteLog(queries, nodes, columns_of(self.steps, nodes), files)


def columns_of(steps: Sequence[Step], nodes: tuple[NodeId, ...]) -> Branches:
    """Steps as columns, their nodes by place."""
    place = {node: number for number, node in enumerate(nodes)}
    columns = {each.name: [getattr(step, each.name) for step in steps] for each in fields(Branches)}
    columns["node"] = [place[node] for node in columns["node"]]
    return Branches(**{name: np.array(values, dtype=KINDS.get(name, np.float64)) for name, values in columns.items()})
