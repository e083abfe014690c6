"""Logs of a bandit's choices as Parquet, read and refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.bandits.playing import UniformLog
from stigmergy.platform.learning.bandits.world import read_contexts
from stigmergy.platform.learning.evaluation.columns import (
    number_column,
    read_table,
    refuse_where,
    sha256_of,
    text_column,
)
from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.routers.bandit.context import ContextShape

if TYPE_CHECKING:
    import pyarrow as pa

Places = NDArray[np.intp]
_CHOICES: Final = ("query_id", "model", "reward", "optimal_reward", "propensity")
_QUERIES: Final = ("query_id", "query", "task", "split")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceLog:
    """The rows of uniform choices, and what is known of the arms from the train split's."""

    uniform: UniformLog
    standing: NDArray[np.float64]
    """Mean logged reward of every arm on the queries of the train split, shape (A,)."""
    rows: int
    """Of the file, those without a propensity included."""
    queries: int
    files: Mapping[str, str]


def read_choice_log(log: Path, queries: Path, shape: ContextShape) -> ChoiceLog:
    """Read the uniform choices of a log: rows with a propensity, which must be one over the number of arms.

    Args:
        log: columns query_id, model, reward, optimal_reward, propensity (null: how it was chosen is not known).
        queries: columns query_id, query, task, split.
        shape: of the contexts.

    Raises:
        InvalidLog: says what of which file cannot be used.
    """
    table = _columns(log, _CHOICES)
    used, arms, arm = _uniform_rows(str(log), table)
    reward, best = (_finite(log, table, name)[used] for name in ("reward", "optimal_reward"))
    asked = _columns(queries, _QUERIES)
    ids, texts, tasks, splits = (text_column(str(queries), asked, name) for name in _QUERIES)
    query = _places(str(log), text_column(str(log), table, "query_id")[used], ids, f"{queries} does not hold it")
    contexts = read_contexts(texts.tolist(), tasks.tolist(), shape)
    known = splits[query] == TRAIN
    if len(np.unique(arm[known])) < len(arms):
        raise InvalidLog(str(log), "its uniform choices on queries of the train split do not cover every arm")
    return ChoiceLog(
        uniform=UniformLog(arms=arms, query=query, contexts=contexts[query], arm=arm, reward=reward, best=best),
        standing=np.bincount(arm[known], reward[known]) / np.bincount(arm[known]),
        rows=table.num_rows,
        queries=len(np.unique(query)),
        files={str(path): sha256_of(path) for path in (log, queries)},
    )


def _uniform_rows(path: str, table: pa.Table) -> tuple[Places, tuple[str, ...], Places]:
    """The rows with a propensity, the arms among them, and the place of each row's arm."""
    propensity = number_column(path, table, "propensity")
    used = np.flatnonzero(~np.isnan(propensity))
    if not len(used):
        raise InvalidLog(path, "no row has a propensity, and replay needs choices that were drawn uniformly")
    arms, arm = np.unique(text_column(path, table, "model")[used], return_inverse=True)
    wrong = np.abs(propensity[used] * len(arms) - 1.0) > 1e-6  # noqa: PLR2004 - as files round
    rule = f"replay needs 1/{len(arms)}, that of uniform choices"
    refuse_where(path, "propensity", propensity[used], wrong, rule)
    return used, tuple(arms.tolist()), arm


def _places(path: str, values: NDArray[np.object_], among: NDArray[np.object_], rule: str) -> Places:
    """Where each query of a log stands among all queries."""
    place = {each: number for number, each in enumerate(among)}
    found = np.array([place.get(value, -1) for value in values], dtype=np.intp)
    refuse_where(path, "query_id", values, found < 0, rule)
    return found


def _columns(path: Path, needed: tuple[str, ...]) -> pa.Table:
    table = read_table(path)
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        raise InvalidLog(str(path), f"it lacks the columns {', '.join(missing)}; it has {table.column_names}")
    return table


def _finite(path: Path, table: pa.Table, name: str) -> NDArray[np.float64]:
    values = number_column(str(path), table, name)
    refuse_where(str(path), name, values, ~np.isfinite(values), "it has to be a finite number")
    return values
