"""Logs with answers, read and refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evidence.log_reading import canonical, read_answer_log

Rows = dict[str, list[Any]]
WriteLog = Callable[[Rows], Path]


def without(rows: Rows, *places: int) -> Rows:
    return {name: [value for place, value in enumerate(values) if place not in places] for name, values in rows.items()}


def test_a_cell_holds_what_the_agent_answered_and_a_missing_one_says_not_available(
    rows: Rows, write_log: WriteLog
) -> None:
    log = read_answer_log(write_log(without(rows, 1)))
    assert (len(log.texts), log.agents) == (60, ("a", "b", "c"))
    assert log.available.sum() == 179
    assert not log.available[0, 1]
    assert (log.score[log.answers == 1] == 1.0).all()
    assert log.cost[1].tolist() == [0.01, 0.02, 0.09]
    assert list(log.files) == ["log.parquet"]


def test_some_tasks_can_be_read_alone(rows: Rows, write_log: WriteLog) -> None:
    assert set(read_answer_log(write_log(rows), ["law"]).tasks) == {"law"}
    with pytest.raises(InvalidLog, match="no task chess"):
        read_answer_log(write_log(rows), ["chess"])


@pytest.mark.parametrize(
    ("response", "option"),
    [
        ("B", "B"), ("b)\nbecause", "B"), ("(C) Paris", "C"), (" A\n", "A"), ("D. Rome", "D"), ("3", "3"),
        ("I do not know", None), ("Both", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_of_a_response_the_option_counts_that_stands_alone_at_its_beginning(
    response: str | None, option: str | None
) -> None:
    assert canonical(response, "response") == option


def test_a_prediction_counts_as_it_is() -> None:
    assert (canonical(" 42 ", "pred"), canonical("", "pred"), canonical(None, "pred")) == ("42", None, None)


def changed(rows: Rows, name: str, value: object) -> Rows:
    return {**rows, name: [value, *rows[name][1:]]}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda rows: {n: v for n, v in rows.items() if n != "score"}, "lacks the columns score"),
        (lambda rows: {n: v for n, v in rows.items() if n != "pred"}, "a column pred or response"),
        (lambda rows: changed(rows, "score", None), r"score, first .*nan.*: a score lies in \[0, 1\]"),
        (lambda rows: changed(rows, "score", 1.5), r"score lies in \[0, 1\]"),
        (lambda rows: changed(rows, "cost_usd", -0.1), "a cost is known and at least 0"),
        (lambda rows: changed(rows, "cost_usd", None), "a cost is known and at least 0"),
        (lambda rows: changed(rows, "task", None), "it has to be text"),
        (lambda rows: {**rows, "score": ["high"] * len(rows["score"])}, "has to be a number"),
        (lambda rows: without(rows, *range(180)), "no rows"),
        (lambda rows: without(rows, *range(3, 180)), "at least 20 queries"),
        (lambda rows: {n: [*v, v[0]] for n, v in rows.items()}, "a answered q00 2 times"),
    ],
)
def test_a_log_that_cannot_be_used_is_refused_with_the_reason(
    rows: Rows, write_log: WriteLog, spoil: Callable[[Rows], Rows], reason: str
) -> None:
    with pytest.raises(InvalidLog, match=reason):
        read_answer_log(write_log(spoil(rows)))


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.parquet").write_text("query_id,score")
    with pytest.raises(InvalidLog, match="cannot be read as Parquet"):
        read_answer_log(tmp_path / "log.parquet")
