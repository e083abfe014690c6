"""Small logs with answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Rows = dict[str, list[Any]]
WriteLog = Callable[..., Path]


@pytest.fixture
def rows() -> Rows:
    """Sixty queries to three agents, right at .5, .7 and .9, that cost 1, 2 and 9 cents."""
    rng = np.random.default_rng(0)
    found: Rows = {
        name: [] for name in ("query_id", "task", "query", "model", "score", "cost_usd", "tokens_out", "pred")
    }
    for number in range(60):
        for agent, ability, cost in (("a", 0.5, 0.01), ("b", 0.7, 0.02), ("c", 0.9, 0.09)):
            answer = "A" if rng.random() < ability else str(rng.choice(list("BCD")))
            row = (
                f"q{number:02}",
                ("math", "law")[number % 2],
                f"What is {number}?",
                agent,
                float(answer == "A"),
                cost,
            )
            for name, value in zip(found, (*row, 10 + number, answer), strict=True):
                found[name].append(value)
    return found


@pytest.fixture
def write_log(tmp_path: Path) -> WriteLog:
    """Writes columns as Parquet."""

    def write(columns: Rows) -> Path:
        path = tmp_path / "log.parquet"
        pq.write_table(pa.table(columns), path)
        return path

    return write
