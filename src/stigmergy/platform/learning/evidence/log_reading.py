"""Parquet files of attempts with answers, one row per attempt, read and refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Collection
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
from stigmergy.platform.learning.evidence.answer_log import AnswerLog
from stigmergy.routers.evidence.batch import NO_ANSWER, UNASKED, Codes

if TYPE_CHECKING:
    import pyarrow as pa

_TEXTS: Final = ("query_id", "task", "query", "model")
_NUMBERS: Final = ("score", "cost_usd")
_ANSWER_COLUMNS: Final = ("pred", "response")
"""The first is an answer already; the second is free text that begins with an option."""
_OPTION: Final = re.compile(r"\(?([A-Za-z0-9])(?:[).:,]|\s*(?:\n|$))")
_LEAST_QUERIES: Final = 20


def read_answer_log(path: Path, tasks: Collection[str] = ()) -> AnswerLog:
    """Read a log with a column ``pred`` or ``response``.

    Args:
        path: a Parquet file.
        tasks: the task types to keep; all if empty.

    Raises:
        InvalidLog: says what is missing, or which value of which row cannot be used.
    """
    table, column = _answers_table(path)
    columns = {name: text_column(str(path), table, name) for name in _TEXTS}
    kept = np.isin(columns["task"], list(tasks)) if tasks else np.ones(table.num_rows, dtype=bool)
    unknown = sorted(set(tasks) - set(columns["task"]))
    if unknown:
        raise InvalidLog(str(path), f"it has no task {', '.join(unknown)}; its tasks: {sorted(set(columns['task']))}")
    score, cost = (number_column(str(path), table, name)[kept] for name in _NUMBERS)
    refuse_where(str(path), "score", score, ~((score >= 0.0) & (score <= 1.0)), "a score lies in [0, 1]")
    refuse_where(str(path), "cost_usd", cost, ~((cost >= 0.0) & np.isfinite(cost)), "a cost is known and at least 0")
    tokens = np.zeros(len(score))
    if "tokens_out" in table.column_names:
        tokens = number_column(str(path), table, "tokens_out")[kept]
    answers = [canonical(answer, column) for answer in np.array(table.column(column).to_pylist(), dtype=object)[kept]]
    effort = np.log1p(np.maximum(np.nan_to_num(tokens), 0.0))
    values = (score, cost, effort)
    return _tabulate(path, {name: texts[kept] for name, texts in columns.items()}, answers, values)


def canonical(answer: str | None, column: str) -> str | None:
    """The form of an answer in which equal answers are equal strings; None where there is none.

    ``pred`` without space around it; of ``response`` the option that stands alone at its beginning: ``(b) because``
    gives ``B``, and ``I do not know`` gives none.
    """
    text = (answer or "").strip()
    if column == "pred":
        return text or None
    found = _OPTION.match(text)
    return found.group(1).upper() if found else None


def _tabulate(
    path: Path,
    columns: dict[str, NDArray[np.object_]],
    answers: list[str | None],
    values: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
) -> AnswerLog:
    ids, first, query = np.unique(columns["query_id"], return_index=True, return_inverse=True)
    agents, agent = np.unique(columns["model"], return_inverse=True)
    if len(ids) < _LEAST_QUERIES or len(agents) <= 1:
        few = f"{len(ids)} queries and {len(agents)} agents"
        raise InvalidLog(str(path), f"it holds {few}; at least {_LEAST_QUERIES} queries and 2 agents are needed")
    shape = (len(ids), len(agents))
    runs = np.zeros(shape, dtype=np.int64)
    np.add.at(runs, (query, agent), 1)
    if (runs > 1).any():
        row, place = np.argwhere(runs > 1)[0]
        raise InvalidLog(
            str(path), f"{agents[place]} answered {ids[row]} {runs[row, place]} times; keep one run of each"
        )
    codes: Codes = np.full(shape, UNASKED, dtype=np.int64)
    codes[query, agent] = _codes(answers)
    tables = np.zeros((3, *shape))
    tables[:, query, agent] = values
    return AnswerLog(
        texts=tuple(columns["query"][first]),
        tasks=tuple(columns["task"][first]),
        agents=tuple(agents.tolist()),
        answers=codes,
        score=tables[0],
        cost=tables[1],
        effort=tables[2],
        files={path.name: sha256_of(path)},
    )


def _codes(answers: list[str | None]) -> Codes:
    known = {answer: code for code, answer in enumerate(sorted({a for a in answers if a is not None}), NO_ANSWER + 1)}
    return np.array([NO_ANSWER if answer is None else known[answer] for answer in answers], dtype=np.int64)


def _answers_table(path: Path) -> tuple[pa.Table, str]:
    table = read_table(path)
    missing = [name for name in (*_TEXTS, *_NUMBERS) if name not in table.column_names]
    if missing:
        raise InvalidLog(str(path), f"it lacks the columns {', '.join(missing)}; it has {table.column_names}")
    column = next((name for name in _ANSWER_COLUMNS if name in table.column_names), None)
    if column is None:
        raise InvalidLog(str(path), f"it holds no answers: it needs a column {' or '.join(_ANSWER_COLUMNS)}")
    if not table.num_rows:
        raise InvalidLog(str(path), "it has no rows")
    return table, column
