"""Rows of a route log as columns of one length, and what may not stand in them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.columns import refuse_where
from stigmergy.platform.learning.evaluation.hull import Floats, Places

AT_START: Final = -1
"""The parent of a first step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """B branches: one row per query, prefix of a route, next node, and outcome of the step that it took there.

    A step that ended in different ways in different runs has one row for each of them, under one parent and node: their
    shares are those of their ``runs``. A row of node GOAL says that the route may end there, and with which quality.
    """

    query: Places
    """Row of the query, shape (B,)."""
    parent: Places
    """Row of the branch that this one continues, or ``AT_START``."""
    node: Places
    """Place of the node in the log's ``nodes``."""
    outcome: NDArray[np.object_]
    """What was seen of the step, such as ``failed its tests``; empty where every step ends alike."""
    runs: Places
    """How many logged runs the row stands for, at least 1; cost, latency, tokens and quality are their means."""
    cost: Floats
    latency: Floats
    tokens: Floats
    failed: NDArray[np.bool_]
    """The call itself failed: the episode ends there with quality 0."""
    answered: NDArray[np.bool_]
    """False: the agent said that it could not do the work."""
    confidence: Floats
    """Of the agent in its own answer, NaN: none was given."""
    verdict: Floats
    """A checker's judgement of the step before it, NaN: it is no checker."""
    quality: Floats
    """Final quality of the route that ends here; given at GOAL and nowhere else."""

    def __len__(self) -> int:
        return len(self.query)

    @property
    def step(self) -> Places:
        """A number for each query, parent and node: rows with the same one are outcomes of one step."""
        at = np.where(self.parent >= 0, self.parent, len(self) + self.query)
        _, numbers = np.unique(at * (self.node.max(initial=0) + 1) + self.node, return_inverse=True)
        return numbers

    def take(self, rows: Places) -> Branches:
        """Some of the rows; ``parent`` stays as it was."""
        return Branches(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})


def check(path: str, branches: Branches, goal: int) -> None:
    """Refuse what no log can hold.

    Args:
        path: what the error names.
        branches: parents by row.
        goal: place of GOAL among the nodes.

    Raises:
        InvalidLog: says which value of which row cannot be used.
    """
    rows = np.arange(len(branches))
    at_goal = branches.node == goal
    orphaned = (branches.parent < AT_START) | (branches.parent >= len(branches)) | (branches.parent == rows)
    refuse_where(path, "parent", branches.parent, orphaned, f"a parent is a step of the log, or {AT_START}")
    _refuse_amounts(path, branches)
    refuse_where(path, "quality", branches.quality, at_goal & np.isnan(branches.quality), "GOAL needs a quality")
    refuse_where(path, "quality", branches.quality, ~at_goal & ~np.isnan(branches.quality), "only GOAL has one")
    above = branches.parent[branches.parent >= 0]
    continued = np.zeros(len(branches), dtype=bool)
    continued[above] = True
    refuse_where(path, "parent", rows, continued & (at_goal | branches.failed), "nothing follows GOAL or a failed call")
    other = np.zeros(len(branches), dtype=bool)
    other[branches.parent >= 0] = branches.query[above] != branches.query[branches.parent >= 0]
    refuse_where(path, "parent", branches.parent, other, "a step continues one of its own query")
    _refuse_cycles(path, branches)


def _refuse_amounts(path: str, branches: Branches) -> None:
    refuse_where(path, "runs", branches.runs, branches.runs < 1, "a branch stands for at least one run")
    for name in ("cost", "latency", "tokens"):
        values = getattr(branches, name)
        refuse_where(path, name, values, ~np.isfinite(values) | (values < 0.0), "it has to be known, and at least 0")
    for name in ("confidence", "verdict", "quality"):
        values = getattr(branches, name)
        refuse_where(path, name, values, (values < 0.0) | (values > 1.0), "it lies in [0, 1]")


def _refuse_cycles(path: str, branches: Branches) -> None:
    """Every branch has to go back to START."""
    above = np.append(branches.parent, AT_START)
    for _ in range(len(branches).bit_length()):
        above = above[above]
    if (above >= 0).any():
        raise InvalidLog(path, "its parents form a cycle")
