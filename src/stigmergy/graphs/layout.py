"""A graph as arrays, for sweeps that would take a Python step per edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import NodeId

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Level:
    """Nodes side by side in the layout whose successors all come before them.

    ``targets`` are the successors of the first node, then of the second, and so on; those of each begin at its place in
    ``starts``.
    """

    begin: int
    end: int
    targets: NDArray[np.intp]
    starts: NDArray[np.intp]


class Layout:
    """Places for the nodes of a graph, from GOAL backwards, level by level: a sweep is one array step per level.

    Args:
        order: every node in topological order, GOAL last.
        successors: of each node.

    Attributes:
        nodes: in the order of their places, GOAL first.
        place: of each node.
    """

    def __init__(self, order: Sequence[NodeId], successors: Mapping[NodeId, Sequence[NodeId]]) -> None:
        height: dict[NodeId, int] = {}
        levels: dict[int, list[NodeId]] = {}
        for node in reversed(order):
            height[node] = 1 + max((height[target] for target in successors[node]), default=-1)
            levels.setdefault(height[node], []).append(node)
        rows = [levels[number] for number in range(len(levels))]
        self.nodes: Final = tuple(node for row in rows for node in row)
        self.place: Final = {node: place for place, node in enumerate(self.nodes)}
        self._levels = tuple(self._level(row, successors) for row in rows[1:])

    def _level(self, row: Sequence[NodeId], successors: Mapping[NodeId, Sequence[NodeId]]) -> _Level:
        begin = self.place[row[0]]
        targets = [self.place[target] for node in row for target in successors[node]]
        starts = np.cumsum([0, *(len(successors[node]) for node in row)])
        return _Level(begin, begin + len(row), np.array(targets), starts[:-1])

    def least_ahead(self, entering: Floats) -> Floats:
        """The least sum of ``entering`` over the nodes after each node, up to GOAL; all by place, shape (nodes,)."""
        ahead = np.zeros(len(entering))
        through = entering.copy()
        for level in self._levels:
            least = np.minimum.reduceat(through.take(level.targets), level.starts)
            ahead[level.begin : level.end] = least
            through[level.begin : level.end] += least
        return ahead
