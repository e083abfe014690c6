"""Logs of retried model calls, one row per call: who was asked, whether that was the last, how good the end was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
from stigmergy.platform.learning.evaluation.hull import Floats
from stigmergy.platform.learning.evaluation.log_reading import SPLITS

_TEXTS: Final = ("query_id", "agent", "strategy", "run", "model", "split")
_AMOUNTS: Final = ("cost_usd", "latency_s", "tokens_in", "tokens_out")
_NUMBERS: Final = ("step", "n_steps", "final_score", *_AMOUNTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """C logged calls as columns of shape (C,), and what the queries say.

    ``design`` is the name of the agent design that made the call, in ``run``; ``step`` counts its calls from 0,
    ``steps`` says how many it made, and ``score`` how good its final answer was.
    """

    query_id: NDArray[np.object_]
    design: NDArray[np.object_]
    strategy: NDArray[np.object_]
    run: NDArray[np.object_]
    model: NDArray[np.object_]
    split: NDArray[np.object_]
    step: Floats
    steps: Floats
    score: Floats
    cost: Floats
    latency: Floats
    tokens_in: Floats
    tokens_out: Floats
    texts: Mapping[str, str]
    """Query id to text."""
    files: Mapping[str, str]


def read_calls(steps: Path, attempts: Path) -> Calls:
    """Read the calls, and the queries' texts from the attempts that they belong to.

    Args:
        steps: Parquet with the columns of ``humaneval_agent_steps``.
        attempts: Parquet with ``query_id`` and ``query``.

    Raises:
        InvalidLog: says which value of which row of which file cannot be used.
    """
    name, table = str(steps), read_table(steps)
    missing = [column for column in (*_TEXTS, *_NUMBERS) if column not in table.column_names]
    if missing:
        raise InvalidLog(name, f"it lacks the columns {', '.join(missing)}; it has {table.column_names}")
    if not table.num_rows:
        raise InvalidLog(name, "it has no rows")
    texts = {column: text_column(name, table, column) for column in _TEXTS}
    numbers = {column: number_column(name, table, column) for column in _NUMBERS}
    refuse_where(name, "split", texts["split"], ~np.isin(texts["split"], SPLITS), f"a split is one of {SPLITS}")
    _refuse_numbers(name, numbers)
    known = _texts_of(attempts)
    unknown = np.array([query not in known for query in texts["query_id"]])
    refuse_where(name, "query_id", texts["query_id"], unknown, f"{attempts} holds no query of that id")
    return Calls(
        query_id=texts["query_id"],
        design=texts["agent"],
        strategy=texts["strategy"],
        run=texts["run"],
        model=texts["model"],
        split=texts["split"],
        step=numbers["step"],
        steps=numbers["n_steps"],
        score=numbers["final_score"],
        cost=numbers["cost_usd"],
        latency=numbers["latency_s"],
        tokens_in=numbers["tokens_in"],
        tokens_out=numbers["tokens_out"],
        texts=known,
        files={name: sha256_of(steps), str(attempts): sha256_of(attempts)},
    )


def _refuse_numbers(path: str, numbers: Mapping[str, Floats]) -> None:
    for column in _AMOUNTS:
        values = numbers[column]
        refuse_where(path, column, values, ~np.isfinite(values) | (values < 0.0), "it has to be known, and at least 0")
    score, step, steps = numbers["final_score"], numbers["step"], numbers["n_steps"]
    refuse_where(path, "final_score", score, ~((score >= 0.0) & (score <= 1.0)), "a score lies in [0, 1]")
    refuse_where(path, "step", step, ~((step >= 0.0) & (step < steps)), "steps count from 0 to n_steps - 1")


def _texts_of(path: Path) -> dict[str, str]:
    name, table = str(path), read_table(path)
    missing = [column for column in ("query_id", "query") if column not in table.column_names]
    if missing:
        raise InvalidLog(name, f"it lacks the columns {', '.join(missing)}; it has {table.column_names}")
    return dict(zip(text_column(name, table, "query_id"), text_column(name, table, "query"), strict=True))
