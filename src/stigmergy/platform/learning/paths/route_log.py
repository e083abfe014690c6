"""What every route through a graph would have done on every query: a tree of prefixes for each of them.

The interface for replays and for environments that learn from them::

    log.children(query)             # {node: rows of its outcomes} at START
    log.children(query, row)        # the same after one branch
    log.branches.cost[rows]         # and latency, tokens, failed, quality ...: one array for all queries
    log.shares(rows)                # how likely each outcome is

A node that is missing is not available there: it is masked, never taken for a zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import GOAL, NodeId
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.hull import Floats, Places
from stigmergy.platform.learning.paths.branches import AT_START, Branches, check


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedQueries:
    """Q queries: ids, texts, tasks, and the split of each."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    tasks: tuple[str, ...]
    splits: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.ids)


class RouteLog:
    """Trees of Q queries. Rows whose ends were not all logged are left out when it is made.

    A step is kept if, after each of its outcomes, some kept step follows; so whoever goes where the log goes reaches
    an end whatever happens. Rows of one parent and node lie together.

    Attributes:
        queries: their ids, texts, tasks and splits.
        nodes: names by place; GOAL is one of them.
        branches: columns over all rows.
        dropped: rows that led to an outcome without a logged way on.
        files: name to fingerprint of what the log was made of.

    Raises:
        InvalidLog: a value cannot be used, or no query keeps a route.
    """

    def __init__(
        self, queries: LoggedQueries, nodes: tuple[NodeId, ...], branches: Branches, files: Mapping[str, str]
    ) -> None:
        path = ", ".join(files)
        if GOAL not in nodes:
            raise InvalidLog(path, f"no route in it reaches {GOAL}")
        if not len(queries) or not len(branches):
            raise InvalidLog(path, "it holds no query")
        check(path, branches, nodes.index(GOAL))
        kept = _complete(branches, nodes.index(GOAL))
        self.queries: Final = queries
        self.nodes: Final = nodes
        self.files: Final = dict(files)
        self.dropped: Final = int((~kept).sum())
        self.branches: Final = _ordered(branches, kept)
        if not len(self.branches):
            raise InvalidLog(path, "no query keeps a route whose every outcome was followed to an end")
        self.goal: Final = nodes.index(GOAL)
        self._children = _children_of(self.branches, nodes)

    def children(self, query: int, after: int = AT_START) -> Mapping[NodeId, Places]:
        """Where one may go from a prefix: node to the rows of its outcomes. Nothing follows GOAL or a failed call.

        Args:
            query: row of the query.
            after: row of the branch where the episode stands.
        """
        return self._children.get((query, after), {})

    def shares(self, rows: Places) -> Floats:
        """How likely each of a step's outcomes is, by their runs; sums to one."""
        runs = self.branches.runs[rows]
        return np.asarray(runs / runs.sum(), dtype=np.float64)

    def rows_of(self, split: str) -> NDArray[np.bool_]:
        """Which queries belong to a split."""
        return np.asarray(self.queries.splits == split, dtype=bool)

    @property
    def repeated(self) -> int:
        """Steps that stand for several runs."""
        return int((np.bincount(self.branches.step, self.branches.runs) > 1).sum())


def _complete(branches: Branches, goal: int) -> NDArray[np.bool_]:
    """Which rows lead to an end whatever happens, and can be reached."""
    kept = np.ones(len(branches), dtype=bool)
    ends = (branches.node == goal) | branches.failed
    step = branches.step
    while True:
        followed = ends.copy()
        followed[branches.parent[kept & (branches.parent >= 0)]] = True
        sound = np.bincount(step, ~(followed & kept), step.max() + 1) == 0
        reachable = (branches.parent < 0) | kept[branches.parent]
        now = kept & sound[step] & reachable
        if (now == kept).all():
            return kept
        kept = now


def _ordered(branches: Branches, kept: NDArray[np.bool_]) -> Branches:
    """The kept rows by query, parent, node and outcome, with parents renumbered."""
    rows = np.flatnonzero(kept)
    keys = (branches.outcome[rows].astype(str), branches.node[rows], branches.parent[rows], branches.query[rows])
    order = rows[np.lexsort(keys)]
    place = np.full(len(branches) + 1, AT_START)
    place[order] = np.arange(len(order))
    found = branches.take(order)
    found.parent[:] = place[found.parent]
    return found


def _children_of(branches: Branches, nodes: tuple[NodeId, ...]) -> dict[tuple[int, int], dict[NodeId, Places]]:
    found: dict[tuple[int, int], dict[NodeId, list[int]]] = {}
    columns = zip(branches.query.tolist(), branches.parent.tolist(), branches.node.tolist(), strict=True)
    for row, (query, parent, node) in enumerate(columns):
        found.setdefault((query, parent), {}).setdefault(nodes[node], []).append(row)
    return {at: {node: np.asarray(rows) for node, rows in steps.items()} for at, steps in found.items()}
