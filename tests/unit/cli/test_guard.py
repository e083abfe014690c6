"""``stigmergy train guard`` and ``stigmergy evaluate guard``."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from stigmergy.cli.main import app
from stigmergy.routers.guard.artifact import load_guard

TEXTS = {"bank": ("my loan interest", "the account balance"), "doctor": ("a pill for fever", "the cough is bad")}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    known = [
        {"suite": "city", "split": split, "query": f"{text} {number}", "gold_agent": agent}
        for split in ("train", "val", "test")
        for agent, texts in TEXTS.items()
        for text in texts
        for number in range(5)
    ]
    strange = [{"suite": "city", "split": "test", "query": f"penguin {n}", "gold_agent": "reject"} for n in range(5)]
    path = tmp_path / "log.parquet"
    pq.write_table(pa.Table.from_pylist([*known, *strange]), path)
    return path


def test_a_guard_is_trained_and_says_what_it_contains(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "guard.npz"
    done = CliRunner().invoke(
        app, ["train", "guard", "--data", str(log), "--suite", "city", "--out", str(out), "--json"]
    )
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["agents"] == ["bank", "doctor"]
    assert document["version"] == load_guard(out).version


def test_the_figures_are_told_and_written(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    done = CliRunner().invoke(app, ["evaluate", "guard", "--data", str(log), "--json", str(out)])
    assert done.exit_code == 0, done.output
    assert "city" in done.output
    document = json.loads(out.read_text())
    assert set(document["suites"]["city"]) >= {"score", "auroc", "accuracy", "verdict_ms", "rejected"}
