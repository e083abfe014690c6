"""``stigmergy train gnn``."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from typer.testing import CliRunner

from stigmergy.cli.main import app
from stigmergy.routers.gnn.checkpoint import load_gnn


def write_log(path: Path) -> None:
    rows = [
        {
            "query_id": f"q{number:03}",
            "task": "sums",
            "query": f"Add {number} and {number + 2}",
            "model": agent,
            "score": float(agent == "dear" or number % 2 == 0),
            "cost_usd": 0.01 if agent == "cheap" else 0.05,
            "split": ("train", "train", "val", "test")[number % 4],
        }
        for number in range(60)
        for agent in ("cheap", "dear")
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)


def test_a_log_becomes_an_artifact_that_says_what_it_contains(tmp_path: Path) -> None:
    data, out = tmp_path / "log.parquet", tmp_path / "artifact"
    write_log(data)
    command = ["train", "gnn", "--data", str(data), "--out", str(out), "--epochs", "1", "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (set(told["agents"]), told["queries"], told["features"]) == ({"cheap", "dear"}, 45, "ngrams-1.10")
    assert str(data) in told["data"]
    assert load_gnn(out).describe()["config"]["epochs"] == 1


def test_an_unknown_arm_is_refused_by_name(tmp_path: Path) -> None:
    data = tmp_path / "log.parquet"
    write_log(data)
    command = ["train", "gnn", "--data", str(data), "--out", str(tmp_path / "out"), "--exclude-arm", "huge"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code != 0
    assert "no arm huge to exclude" in " ".join(done.output.split())
