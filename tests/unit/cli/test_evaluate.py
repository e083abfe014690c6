"""``evaluate replay`` on a made log."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

ARMS = {"small": 0.001, "large": 0.01, "hidden": None}
QUICK = ("--seeds", "1", "--bootstrap", "20")


def rows() -> list[dict[str, Any]]:
    found = []
    for number in range(80):
        letters = number % 2 == 0
        for arm, usd in ARMS.items():
            found.append(
                {
                    "query_id": f"q{number:02}",
                    "task": "letters" if letters else "sums",
                    "query": f"Write letter {number}" if letters else f"Add {number} and {number * 3}",
                    "model": arm,
                    "score": float(letters or arm == "large"),
                    "cost_usd": usd,
                    "split": ("train", "train", "train", "val", "test")[number // 2 % 5],
                }
            )
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.Table.from_pylist(rows()), path)
    return path


def test_one_file_becomes_json_page_and_table(run: Run, data: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "out.json", tmp_path / "report.html"
    done = run(
        "evaluate",
        "replay",
        "--data",
        str(data),
        "--router",
        "centroid",
        *QUICK,
        "--json",
        str(out),
        "--html",
        str(page),
    )
    assert done.exit_code == 0, done.output
    assert "arms left out: hidden (its cost is known on 0.0% of train, 90% are needed)" in done.output
    assert re.search(r"best_per_task\s+1\.000", done.output)
    document = json.loads(out.read_text())
    assert document["data"]["path"] == [str(data)]
    assert document["data"]["queries"]["kept"] == 80
    assert document["seeds"] == 1
    assert document["routers"]["ridge"]["decision_ms"]["p50"] > 0.0
    assert document["routers"]["centroid"]["versus"]["hull"]["low"] > 0.0
    assert page.read_text().startswith("<!doctype html>")


def test_a_file_for_each_split_does_as_well(run: Run, tmp_path: Path) -> None:
    options = []
    for split in ("train", "val", "test"):
        path = tmp_path / f"{split}.parquet"
        part = [{key: value for key, value in row.items() if key != "split"} for row in rows() if row["split"] == split]
        pq.write_table(pa.Table.from_pylist(part), path)
        options += [f"--{split}", str(path)]
    done = run("evaluate", "replay", *options, "--router", "nearest", *QUICK)
    assert done.exit_code == 0, done.output
    assert "80 queries, 2 arms" in done.output


def test_half_of_the_files_is_refused(run: Run, data: Path) -> None:
    done = run("evaluate", "replay", "--train", str(data))
    assert done.exit_code == 2
    assert "all of --train, --val and --test" in done.output


def test_reports_are_pooled_over_logs(run: Run, data: Path, tmp_path: Path) -> None:
    report, out = tmp_path / "one.json", tmp_path / "pooled.json"
    run("evaluate", "replay", "--data", str(data), "--router", "ensemble", *QUICK, "--json", str(report))
    again = tmp_path / "two.json"
    again.write_bytes(report.read_bytes())
    done = run("evaluate", "pooled", str(report), str(again), "--json", str(out))
    assert done.exit_code == 0, done.output
    assert "gap closed on 2 logs; over all of them the best baseline is" in done.output
    one, pooled = json.loads(report.read_text()), json.loads(out.read_text())
    mine = pooled["routers"]["ensemble"]
    assert mine["gap_closed"]["mean"] == pytest.approx(one["routers"]["ensemble"]["gap_closed"]["mean"])
    assert mine["below_hull"] == []


def test_an_unknown_router_is_refused_before_anything_is_computed(run: Run, data: Path) -> None:
    done = run("evaluate", "replay", "--data", str(data), "--router", "magic")
    assert done.exit_code == 1
    assert "no router 'magic' can be replayed" in done.output


def test_a_router_on_sentences_needs_a_model(run: Run, data: Path) -> None:
    done = run("evaluate", "replay", "--data", str(data), "--router", "ridge_sentences")
    assert done.exit_code == 1
    assert "queries have no vectors of the view 'sentences'; views made: ngrams, substance" in done.output


def test_a_model_of_sentences_needs_its_extra(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    done = run("evaluate", "replay", "--data", str(data), "--sentences", "any-model")
    assert done.exit_code == 1
    assert "pip install 'stigmergy[embeddings]'" in done.output


def test_bad_data_is_one_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.parquet"
    pq.write_table(pa.Table.from_pylist([{**row, "cost_usd": -1.0} for row in rows()]), path)
    done = run("evaluate", "replay", "--data", str(path))
    assert done.exit_code == 1
    assert "values of cost_usd, first -1.0 in row 1: a cost is at least 0" in done.output


def test_an_excluded_arm_is_left_out_and_said(run: Run, data: Path) -> None:
    done = run("evaluate", "replay", "--data", str(data), "--exclude-arm", "large", *QUICK)
    assert done.exit_code == 1
    assert "two arms to choose from, and 1 can be used" in done.output
    assert "large: excluded by the caller" in done.output
