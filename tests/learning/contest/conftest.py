"""A log of two kinds of questions, each solved by one cheap arm alone; a dear arm solves both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stigmergy.platform.learning.contest.arena import Arena, arm_arena
from stigmergy.platform.learning.rl.arm_log import ArmLog, read_arm_log

PRICES = {"letters": 1e-6, "numbers": 2e-6, "dear": 1e-4}


def write_log(path: Path, queries: int, *, shuffled: bool) -> Path:
    rng, rows = np.random.default_rng(3), []
    for query in range(queries):
        kind = ("letters", "numbers")[query % 2]
        split = ("train", "train", "train", "val", "test")[query // 2 % 5]
        for arm, price in PRICES.items():
            solved = float(arm in (kind, "dear")) if not shuffled else float(rng.random() < (1.0 + (arm == "dear")) / 2)
            rows.append(
                {
                    "query_id": f"q{query}",
                    "task": "any",
                    "query": f"question {query} about {kind} and more {kind}",
                    "model": arm,
                    "score": solved,
                    "cost_usd": 50 * price,
                    "tokens_in": 20,
                    "tokens_out": 30,
                    "split": split,
                }
            )
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.fixture(scope="session")
def make_log(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ArmLog]:
    """``make_log(queries, shuffled=False)``."""

    def make(queries: int = 200, *, shuffled: bool = False) -> ArmLog:
        folder = tmp_path_factory.mktemp("contest")
        return read_arm_log(write_log(folder / "log.parquet", queries, shuffled=shuffled))

    return make


@pytest.fixture(scope="session")
def arena(make_log: Callable[..., ArmLog]) -> Arena:
    return arm_arena("two kinds", make_log())
