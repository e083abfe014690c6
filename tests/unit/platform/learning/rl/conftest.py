"""A small log of three arms with known prices, two runs each, and what acts in it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stigmergy.platform.learning.boundary import boundary_costs
from stigmergy.platform.learning.rl.arm_log import ArmLog, read_arm_log
from stigmergy.platform.learning.rl.arm_source import ArmSource, arm_source
from stigmergy.platform.learning.rl.rewards import RewardTerms
from stigmergy.routers.estimators.views import embed_all, learn_semantics

QUERIES = 60
PRICES = {"small": (1e-7, 4e-7), "middle": (1e-6, 4e-6), "large": (1e-5, 4e-5)}
"""USD per input and per output token."""


def write_log(path: Path, queries: int = QUERIES) -> Path:
    """Small solves every third query, middle two of three, large all but every twelfth; two runs of each."""
    rng, rows = np.random.default_rng(7), []
    for query in range(queries):
        split = ("train", "train", "train", "val", "test")[query % 5]
        solved = {"small": query % 3 == 0, "middle": query % 3 != 1, "large": query % 12 != 1}
        for arm, (price_in, price_out) in PRICES.items():
            for run in range(2):
                tokens = 20 + query, int(rng.integers(10, 60))
                rows.append(
                    {
                        "query_id": f"q{query}",
                        "task": ("sums", "words")[query % 2],
                        "query": f"question {query} about {'numbers' if query % 2 else 'letters'}",
                        "model": arm,
                        "score": float(solved[arm]),
                        "cost_usd": tokens[0] * price_in + tokens[1] * price_out,
                        "tokens_in": tokens[0],
                        "tokens_out": tokens[1],
                        "run": run,
                        "latency_s": tokens[1] / 50,
                        "split": split,
                    }
                )
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.fixture(scope="session")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_log(tmp_path_factory.mktemp("arms") / "log.parquet")


@pytest.fixture(scope="session")
def log(log_file: Path) -> ArmLog:
    return read_arm_log(log_file)


@pytest.fixture(scope="session")
def source(log: ArmLog) -> ArmSource:
    semantics = learn_semantics(log.table.texts, bits=8, rank=6)
    return arm_source(log, semantics.version, semantics.project(embed_all(semantics.embedder, log.table.texts)))


@pytest.fixture(scope="session")
def terms(source: ArmSource) -> RewardTerms:
    return RewardTerms(scale=boundary_costs(source, np.arange(QUERIES)))


@pytest.fixture(scope="session")
def make_log() -> Callable[[Path, int], Path]:
    return write_log
