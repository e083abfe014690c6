"""A small log of guarded queries."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

WORDS = {
    "bank": ["loan", "interest", "account", "balance", "transfer", "credit", "mortgage"],
    "doctor": ["pill", "headache", "fever", "nurse", "dose", "cough", "vaccine"],
    "lawyer": ["court", "contract", "appeal", "judge", "lawsuit", "verdict", "clause"],
    "reject": ["guitar", "volcano", "penguin", "soup", "bicycle", "galaxy", "novel"],
}


def rows(split: str, agents: tuple[str, ...], each: int, seed: int) -> list[dict[str, str]]:
    rng = random.Random(seed)
    return [
        {"suite": "city", "split": split, "query": " ".join(rng.sample(WORDS[agent], 4)), "gold_agent": agent}
        for agent in agents
        for _ in range(each)
    ]


@pytest.fixture
def guard_log_file(tmp_path: Path) -> Path:
    """Three agents; what to reject is in the test split alone."""
    known = ("bank", "doctor", "lawyer")
    found = [*rows("train", known, 30, 1), *rows("val", known, 10, 2), *rows("test", (*known, "reject"), 15, 3)]
    path = tmp_path / "guarded.parquet"
    pq.write_table(pa.Table.from_pylist(found), path)
    return path
