"""Attempts as one table of queries against arms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.log_reading import SPLITS, Attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeTable:
    """Q queries, ordered by id, against A arms, ordered by name. NaN: not run, or its cost is not known.

    A cell with several runs holds their mean.
    """

    query_ids: tuple[str, ...]
    texts: tuple[str, ...]
    tasks: tuple[str, ...]
    splits: NDArray[np.object_]
    arms: tuple[str, ...]
    quality: NDArray[np.float64]
    cost: NDArray[np.float64]
    rows: int
    repeated_cells: int
    """Cells with more than one run."""
    contradicting_queries: int = 0
    """Queries that were left out because their rows disagree."""
    files: Mapping[str, str]

    def rows_of(self, split: str) -> NDArray[np.bool_]:
        """Which queries belong to a split."""
        return np.asarray(self.splits == split, dtype=bool)


def tabulate(attempts: Attempts) -> OutcomeTable:
    """Put every attempt in its cell. A query whose rows disagree on text, task or split is left out whole, and counted.

    Raises:
        InvalidLog: a split is empty.
    """
    path = ", ".join(attempts.files)
    ids, first, query_of = _unique(attempts.query_id)
    in_doubt = _in_doubt(attempts, first, query_of)
    if in_doubt.all():
        raise InvalidLog(path, "the rows of every query_id disagree on its query, task or split")
    if in_doubt.any():
        sound = tabulate(attempts.take(np.flatnonzero(~in_doubt[query_of])))
        return replace(sound, rows=len(query_of), contradicting_queries=int(in_doubt.sum()))
    arms, _, arm_of = _unique(attempts.model)
    splits = attempts.split[first]
    for split in SPLITS:
        if not np.any(splits == split):
            raise InvalidLog(path, f"its split {split} is empty; train, val and test need at least one query each")
    shape = (len(ids), len(arms))
    cell = query_of * len(arms) + arm_of
    counts = np.bincount(cell, minlength=shape[0] * shape[1])
    return OutcomeTable(
        query_ids=tuple(ids),
        texts=tuple(attempts.query[first]),
        tasks=tuple(attempts.task[first]),
        splits=splits,
        arms=tuple(arms),
        quality=_cell_means(cell, attempts.score, counts).reshape(shape),
        cost=_cell_means(cell, attempts.cost, counts).reshape(shape),
        rows=len(cell),
        repeated_cells=int((counts > 1).sum()),
        files=attempts.files,
    )


def _unique(values: NDArray[np.object_]) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.intp]]:
    return np.unique(values, return_index=True, return_inverse=True)


def _in_doubt(attempts: Attempts, first: NDArray[np.intp], query_of: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which queries have rows that disagree with their first one."""
    found = np.zeros(len(first), dtype=bool)
    for values in (attempts.query, attempts.task, attempts.split):
        found[query_of[np.asarray(values != values[first][query_of], dtype=bool)]] = True
    return found


def _cell_means(cell: NDArray[np.intp], values: NDArray[np.float64], counts: NDArray[np.intp]) -> NDArray[np.float64]:
    """The mean per cell; NaN for a cell without runs, and where any run has none: a mean of some would mislead."""
    sums = np.bincount(cell, values, len(counts))
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
