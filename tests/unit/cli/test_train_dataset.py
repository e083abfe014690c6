"""``stigmergy train dataset`` on a file of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run


def _log(path: Path) -> Path:
    rows = [
        {
            "query_id": f"q{query}",
            "task": "sums",
            "query": f"how much is {query} and {query}",
            "model": model,
            "score": float(model == "dear"),
            "cost_usd": price,
            "split": ("train", "train", "val", "test")[query % 4],
        }
        for query in range(30)
        for model, price in (("cheap", 0.001), ("dear", 0.02))
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_it_tells_what_the_dataset_contains(run: Run, tmp_path: Path) -> None:
    log, out = _log(tmp_path / "log.parquet"), tmp_path / "out"
    first = run("train", "dataset", "--data", str(log), "--out", str(out), "--in-process", "--json")
    assert first.exit_code == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["episodes"] == 60
    again = run("train", "dataset", "--data", str(log), "--out", str(out), "--in-process")
    assert f"{told['rows']} transitions of 60 episodes" in again.stdout.replace("\n", " ")


def test_it_wants_one_source(run: Run, tmp_path: Path) -> None:
    refused = run("train", "dataset", "--out", str(tmp_path / "out"))
    assert refused.exit_code == 2
    assert "--from or --data" in refused.stderr


def test_an_unknown_graph_is_named_with_those_that_there_are(run: Run, tmp_path: Path) -> None:
    refused = run(
        *("train", "dataset", "--from", f"sqlite:///{tmp_path}/x.db", "--graph", "nope"),
        *("--out", str(tmp_path / "out"), "--in-process"),
    )
    assert refused.exit_code == 1
    assert "nope" in refused.stderr
    assert "workbench" in refused.stderr
