"""Small logs, as tables and as Parquet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Rows = list[dict[str, Any]]

PRICES = {"small": 0.001, "middle": 0.002, "large": 0.01}


def _log(queries: int = 60, arms: Mapping[str, float] = PRICES) -> Rows:
    """Sums are solved by the middle arm, letters by the small one; the large one solves two of three."""
    rows: Rows = []
    for number in range(queries):
        task = ("sums", "letters")[number % 2]
        text = f"What is {number} plus {number * 7}?" if task == "sums" else f"Write letter number {number} to Ada"
        for arm, price in arms.items():
            right = {"small": task == "letters", "middle": task == "sums", "large": number % 3 > 0}.get(arm, False)
            rows.append(
                {
                    "query_id": f"q{number:03}",
                    "dataset": "made",
                    "task": task,
                    "query": text,
                    "model": arm,
                    "score": float(right),
                    "cost_usd": price,
                    "split": "train" if number % 10 < 7 else "val" if number % 10 < 8 else "test",
                }
            )
    return rows


@pytest.fixture
def log() -> Callable[..., Rows]:
    """``log(queries=60, arms=PRICES)``: rows to change and to write."""
    return _log


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """``write(rows, name="log.parquet", without=())``: the path of the file."""

    def to_file(rows: Rows, name: str = "log.parquet", without: Sequence[str] = ()) -> Path:
        path = tmp_path / name
        columns = [column for column in rows[0] if column not in without] if rows else list(_log(1)[0])
        pq.write_table(pa.table({column: [row[column] for row in rows] for column in columns}), path)
        return path

    return to_file
