"""``stigmergy evaluate evidence`` and ``stigmergy train evidence``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from stigmergy.cli.main import app
from stigmergy.routers.evidence.artifact import load_artifact


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Eighty queries to two agents."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(80):
        for agent, ability, cost in (("cheap", 0.7, 0.01), ("dear", 0.9, 0.09)):
            answer = "A" if rng.random() < ability else "B"
            row = {"query_id": f"q{number}", "task": "math", "query": f"What is {number}?", "model": agent}
            found.append({**row, "score": float(answer == "A"), "cost_usd": cost, "tokens_out": 5, "pred": answer})
    path = tmp_path / "log.parquet"
    pq.write_table(pa.Table.from_pylist(found), path)
    return path


def test_the_table_and_the_document_name_every_method(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    done = CliRunner().invoke(app, ["evaluate", "evidence", "--data", str(log), "--seeds", "2", "--json", str(out)])
    assert done.exit_code == 0, done.output
    for name in ("evidence router", "best single agent", "vote of all agents", "ACAR", "FrugalGPT", "seed 1:"):
        assert name in done.output
    document = json.loads(out.read_text())
    assert len(document["seeds"]) == 2
    assert document["methods"]["best_single"]["gain_at_best_single_cost"]["mean"] == 0.0
    assert document["data"]["files"].keys() == {"log.parquet"}


def test_a_trained_artifact_can_be_loaded_and_says_what_it_is(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "evidence.npz"
    done = CliRunner().invoke(app, ["train", "evidence", "--data", str(log), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == load_artifact(out).describe()
    assert load_artifact(out).policy.roster == ("cheap", "dear")


def test_a_file_without_answers_is_one_line_of_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"query_id": ["q"]}), tmp_path / "log.parquet")
    done = CliRunner().invoke(app, ["evaluate", "evidence", "--data", str(tmp_path / "log.parquet")])
    assert done.exit_code == 1
    assert "lacks the columns task" in done.output
