"""Every kind of bad data is refused with a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.arm_selection import select_arms
from stigmergy.platform.learning.evaluation.log_reading import read_file, read_files
from stigmergy.platform.learning.evaluation.outcome_table import tabulate

Rows = list[dict[str, Any]]
Log = Callable[..., Rows]
Write = Callable[..., Path]


def test_a_sound_file_is_read_whole_and_fingerprinted(log: Log, write: Write) -> None:
    path = write(log(10))
    read = read_file(path)
    assert len(read.score) == 30
    assert read.files == {str(path): hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.mark.parametrize("column", ["query_id", "task", "query", "model", "score", "cost_usd", "split"])
def test_a_missing_column_is_named(log: Log, write: Write, column: str) -> None:
    with pytest.raises(InvalidLog, match=f"lacks the columns {column}"):
        read_file(write(log(), without=[column]))


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("score", float("nan"), "nan in row 5: leave out the rows"),
        ("score", None, "leave out the rows"),
        ("score", 1.5, r"1\.5 in row 5: a score lies in \[0, 1\]"),
        ("score", -0.1, "a score lies in"),
        ("cost_usd", -0.001, "-0.001 in row 5: a cost is at least 0"),
        ("cost_usd", float("inf"), "a cost is at least 0"),
        ("split", "dev", "'dev' in row 5: a split is one of train, val, test"),
        ("query", None, "None in row 5: it has to be text"),
    ],
)
def test_a_bad_value_is_shown_with_its_row(log: Log, write: Write, column: str, value: object, said: str) -> None:
    rows = log()
    rows[4][column] = value
    with pytest.raises(InvalidLog, match=said):
        read_file(write(rows))


def test_a_score_that_is_no_number_is_refused(log: Log, write: Write) -> None:
    rows = [{**row, "score": "good"} for row in log()]
    with pytest.raises(InvalidLog, match="it has to be a number"):
        read_file(write(rows))


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("query_id,score\n1,2\n")
    with pytest.raises(InvalidLog, match="cannot be read as Parquet"):
        read_file(path)


def test_an_empty_file_is_refused_by_the_split_it_should_hold(log: Log, write: Write) -> None:
    full, empty = write(log(), "full.parquet"), write([], "empty.parquet")
    with pytest.raises(InvalidLog, match="no rows, which is the val split"):
        read_files({"train": full, "val": empty, "test": full})


def test_files_decide_the_split_whatever_their_column_says(log: Log, write: Write) -> None:
    rows = log(20)
    parts = {
        split: write(rows[start : start + 15], f"{split}.parquet", ["split"])
        for start, split in enumerate(("train", "val", "test"))
    }
    assert set(read_files(parts).split) == {"train", "val", "test"}


def test_an_empty_split_is_named(log: Log, write: Write) -> None:
    rows = [row for row in log() if row["split"] != "val"]
    with pytest.raises(InvalidLog, match="split val is empty"):
        tabulate(read_file(write(rows)))


def test_one_query_is_too_little(log: Log, write: Write) -> None:
    with pytest.raises(InvalidLog, match="its split val is empty"):
        tabulate(read_file(write(log(1))))


def test_three_queries_are_too_few(log: Log, write: Write) -> None:
    rows = [row for row in log(10) if row["query_id"] in ("q000", "q007", "q008")]
    with pytest.raises(InvalidLog, match="3 queries are complete on all arms; at least 20"):
        select_arms(tabulate(read_file(write(rows))))


def test_an_arm_without_price_leaves_too_few_to_choose_from(log: Log, write: Write) -> None:
    rows = [{**row, "cost_usd": None if row["model"] == "large" else row["cost_usd"]} for row in log()]
    rows = [row for row in rows if row["model"] != "middle"]
    with pytest.raises(
        InvalidLog, match=r"two arms to choose from, and 1 can be used \(large: its cost is known on 0\.0%"
    ):
        select_arms(tabulate(read_file(write(rows))))
