"""Logs of one decision per query, read from Parquet: uniform runs to estimate from, other runs as policies to judge.

A run without propensities cannot be estimated from. But what it chose for each query is a policy by itself, its *action
table*, and its own rewards are that policy's true value: so an estimate from the other runs can be held against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.columns import (
    number_column,
    read_table,
    refuse_where,
    sha256_of,
    text_column,
)
from stigmergy.platform.learning.off_policy.logged import Floats, LoggedEpisodes, one_hop

if TYPE_CHECKING:
    import pyarrow as pa

_TEXTS: Final = ("query_id", "task", "model")
_NUMBERS: Final = ("run_id", "reward", "propensity")


@dataclass(frozen=True, slots=True)
class ActionTable:
    """What a run took for each query, shape (queries,), and what it earned on the mean."""

    actions: NDArray[np.intp]
    value: float


@dataclass(frozen=True, slots=True)
class BanditLog:
    """Episodes to estimate from, policies whose value is known, and the files with their sha256."""

    episodes: LoggedEpisodes
    tables: Mapping[str, ActionTable]
    models: tuple[str, ...]
    files: Mapping[str, str]

    def target(self, table: ActionTable) -> Floats:
        """The probabilities of a table's policy at every logged decision, shape (E, 1, A)."""
        chosen = table.actions[self.episodes.clusters]
        return np.eye(len(self.models))[chosen][:, None, :]


def read_bandit_log(path: Path) -> BanditLog:
    """Read a file with the columns query_id, task, model, run_id, reward and propensity (null: not known).

    Rows with a propensity have to come from one that is the same for all models, ``1 / models``.

    Raises:
        InvalidLog: says which value cannot be used.
    """
    table = read_table(path)
    missing = [name for name in (*_TEXTS, *_NUMBERS) if name not in table.column_names]
    if missing:
        raise InvalidLog(str(path), f"it lacks the columns {', '.join(missing)}; it has {table.column_names}")
    if not table.num_rows:
        raise InvalidLog(str(path), "it has no rows")
    rows = _Rows.read(str(path), table)
    known = ~np.isnan(rows.propensity)
    if not known.any():
        raise InvalidLog(str(path), "no row has a propensity, so nothing can be estimated from it")
    return BanditLog(_episodes(rows, known), _tables(rows, ~known), rows.models, {str(path): sha256_of(path)})


@dataclass(frozen=True, slots=True)
class _Rows:
    models: tuple[str, ...]
    query: NDArray[np.intp]
    task: NDArray[np.intp]
    model: NDArray[np.intp]
    run: NDArray[np.float64]
    reward: NDArray[np.float64]
    propensity: NDArray[np.float64]

    @classmethod
    def read(cls, path: str, table: pa.Table) -> _Rows:
        texts = {name: text_column(path, table, name) for name in _TEXTS}
        run, reward, propensity = (number_column(path, table, name) for name in _NUMBERS)
        models, model = np.unique(texts["model"].astype(str), return_inverse=True)
        refuse_where(path, "reward", reward, ~np.isfinite(reward), "leave out the rows that earned nothing known")
        uneven = ~np.isnan(propensity) & (np.abs(propensity * len(models) - 1.0) > 1e-6)  # noqa: PLR2004
        refuse_where(path, "propensity", propensity, uneven, f"uniform over {len(models)} models it is 1/{len(models)}")
        query, task = (np.unique(texts[name].astype(str), return_inverse=True)[1] for name in ("query_id", "task"))
        return cls(tuple(models.tolist()), query, task, model, run, reward, propensity)


def _episodes(rows: _Rows, known: NDArray[np.bool_]) -> LoggedEpisodes:
    tasks = np.eye(int(rows.task.max()) + 1)[rows.task[known]]
    return one_hop(
        features=tasks,
        behaviour=np.full((int(known.sum()), len(rows.models)), 1.0 / len(rows.models)),
        actions=rows.model[known],
        rewards=rows.reward[known],
        clusters=rows.query[known],
    )


def _tables(rows: _Rows, unknown: NDArray[np.bool_]) -> Mapping[str, ActionTable]:
    found = {}
    for run in np.unique(rows.run[unknown]):
        mine = unknown & (rows.run == run)
        if len(np.unique(rows.query[mine])) == int(rows.query.max()) + 1 == int(mine.sum()):
            actions = np.empty(int(mine.sum()), dtype=np.intp)
            actions[rows.query[mine]] = rows.model[mine]
            found[f"run {run:g}"] = ActionTable(actions, float(rows.reward[mine].mean()))
    return found
