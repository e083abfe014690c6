"""A log of queries against arms with every run of every cell: what ``OutcomeTable`` keeps only the mean of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.evaluation.arm_selection import select_arms
from stigmergy.platform.learning.evaluation.columns import number_column, read_table
from stigmergy.platform.learning.evaluation.log_reading import Attempts, read_file
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable, tabulate

Runs = NDArray[np.float64]
"""Shape (Q, A, R); NaN behind the last run of a cell."""
_OPTIONAL: Final = ("tokens_in", "tokens_out", "latency_s", "n_calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmLog:
    """Queries that are complete on the chosen arms (METHODS M2), with all their runs.

    ``count`` (Q, A) tells how many runs a cell has, at least one. ``tokens_in, tokens_out, latency_s`` are NaN where
    they were not logged, ``calls`` is 1 there.
    """

    table: OutcomeTable
    count: NDArray[np.int64]
    score: Runs
    cost: Runs
    tokens_in: Runs
    tokens_out: Runs
    latency_s: Runs
    calls: Runs


def read_arm_log(path: Path, excluded: Collection[str] = ()) -> ArmLog:
    """Read a file of outcomes with splits; arms and queries are chosen as for replay evaluation.

    Raises:
        InvalidLog: says what of the log cannot be used.
    """
    attempts = read_file(path)
    table = select_arms(tabulate(attempts), excluded).table
    logged = read_table(path)
    extra = {
        name: number_column(str(path), logged, name)
        if name in logged.column_names
        else np.full(len(attempts.score), np.nan)
        for name in _OPTIONAL
    }
    rows, cell, run = _cells(attempts, table)
    shape = (len(table.query_ids), len(table.arms), int(run.max()) + 1)
    place = (*np.unravel_index(cell, shape[:2]), run)

    def runs(values: NDArray[np.float64]) -> Runs:
        laid = np.full(shape, np.nan)
        laid[place] = values[rows]
        return laid

    score = runs(attempts.score)
    return ArmLog(
        table=table,
        count=(~np.isnan(score)).sum(axis=2),
        score=score,
        cost=runs(attempts.cost),
        tokens_in=runs(extra["tokens_in"]),
        tokens_out=runs(extra["tokens_out"]),
        latency_s=runs(extra["latency_s"]),
        calls=runs(np.nan_to_num(extra["n_calls"], nan=1.0)),
    )


def _cells(attempts: Attempts, table: OutcomeTable) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the log that the table holds, the cell of each, and the how-many-eth run of its cell it is."""
    queries = {name: place for place, name in enumerate(table.query_ids)}
    arms = {name: place for place, name in enumerate(table.arms)}
    query = np.array([queries.get(name, -1) for name in attempts.query_id])
    arm = np.array([arms.get(name, -1) for name in attempts.model])
    rows = np.flatnonzero((query >= 0) & (arm >= 0))
    cell = query[rows] * len(arms) + arm[rows]
    order = np.argsort(cell, kind="stable")
    ranked = cell[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    run = np.empty(len(rows), dtype=np.intp)
    run[order] = np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
    return rows, cell, run
