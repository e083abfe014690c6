"""``evaluate cold-start`` and ``bench gnn`` on made logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

ARMS = ("poet", "bard", "clerk", "sage")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {
            "query_id": f"q{number:03}",
            "task": "letters" if number % 2 else "sums",
            "query": f"Write letter {number}" if number % 2 else f"Add {number} and {number * 3}",
            "model": arm,
            "score": float(arm == "sage" or (arm in ("poet", "bard")) == bool(number % 2)),
            "cost_usd": 0.01 if arm == "sage" else 0.001,
            "split": ("train", "train", "train", "val", "test")[number // 2 % 5],
        }
        for number in range(100)
        for arm in ARMS
    ]
    path = tmp_path / "log.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_new_arms_are_judged_and_the_same_seeds_give_the_same_figures(run: Run, data: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    found = []
    for out in (tmp_path / "one.json", tmp_path / "other.json"):
        command = ("evaluate", "cold-start", "--data", str(data), "--held-out", "2", "--probes", "8", "--seeds", "1")
        done = run(*command, "--bootstrap", "20", "--json", str(out), "--html", str(page))
        assert done.exit_code == 0, done.output
        found.append(json.loads(out.read_text()))
    assert found[0] == found[1]
    assert len(found[0]["new_arms_by_seed"][0]) == 2
    assert {"gnn", "nearest", "nearest_shrunken", "centroid", "gnn_chosen"} <= set(found[0]["routers"])
    assert found[0]["routers"]["nearest"]["versus"]["nearest"]["diff"] == 0.0
    assert "gnn_chosen" in page.read_text()


def test_two_arms_must_be_left_to_train_on(run: Run, data: Path) -> None:
    done = run("evaluate", "cold-start", "--data", str(data), "--held-out", "3")
    assert done.exit_code != 0
    assert "hold out fewer" in " ".join(done.output.split())


def test_more_probes_than_half_of_the_queries_are_refused(run: Run, data: Path) -> None:
    done = run("evaluate", "cold-start", "--data", str(data), "--held-out", "2", "--probes", "60")
    assert done.exit_code != 0
    assert "ask for fewer" in " ".join(done.output.split())


def test_the_network_is_timed(run: Run) -> None:
    size = ("--queries", "200", "--agents", "3", "--scored-agents", "4", "--rounds", "10")
    done = run("bench", "gnn", *size, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["train_s"] > 0.0
    assert 0.0 < told["score_ms"]["p50"] <= told["score_ms"]["p99"]
