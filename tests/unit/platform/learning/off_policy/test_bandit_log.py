"""Logs of single decisions, read from Parquet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from stigmergy.cli.main import app
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.off_policy.bandit_log import read_bandit_log
from stigmergy.platform.learning.off_policy.report import judge_tables

QUERIES, MODELS = 400, ("big", "small")


def _columns() -> dict[str, list[object]]:
    """Two uniform runs and one of a policy; ``big`` earns 1 on every other query, ``small`` always .4."""
    rng = np.random.default_rng(0)
    rows: dict[str, list[object]] = {
        name: [] for name in ("run_id", "query_id", "task", "model", "reward", "propensity")
    }
    for run in range(3):
        for query in range(QUERIES):
            hard = query % 2
            model = MODELS[hard] if run == 2 else MODELS[int(rng.integers(2))]
            reward = 0.4 if model == "small" else float(not hard)
            values = (run, f"q{query}", "odd" if hard else "even", model, reward, None if run == 2 else 0.5)
            for name, value in zip(rows, values, strict=True):
                rows[name].append(value)
    return rows


def _written(path: Path, columns: dict[str, list[object]]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_a_run_without_propensities_is_a_policy_whose_value_is_known_and_found(tmp_path: Path) -> None:
    log = read_bandit_log(_written(tmp_path / "log.parquet", _columns()))
    assert log.models == MODELS
    assert log.tables["run 2"].value == pytest.approx(0.7)
    document = judge_tables(log, seed=0, clip=float("inf"))
    assert document["policies"]["run 2"]["values"]["doubly_robust"]["mean"] == pytest.approx(0.7, abs=0.03)


def test_the_command_prints_estimates_beside_the_truth_and_writes_them(tmp_path: Path) -> None:
    path, out = _written(tmp_path / "log.parquet", _columns()), tmp_path / "out.json"
    result = CliRunner().invoke(app, ["evaluate", "off-policy", "--log", str(path), "--json", str(out)])
    assert result.exit_code == 0, result.output
    assert "run 2" in result.output
    assert json.loads(out.read_text())["policies"]["run 2"]["truth"] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("reward", float("nan"), "leave out the rows that earned nothing known"),
        ("propensity", 0.3, "uniform over 2 models it is 1/2"),
        ("model", None, "it has to be text"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(tmp_path: Path, column: str, value: object, reason: str) -> None:
    columns = _columns()
    columns[column][3] = value
    with pytest.raises(InvalidLog, match=reason):
        read_bandit_log(_written(tmp_path / "log.parquet", columns))


def test_missing_columns_no_rows_and_no_propensities_are_named(tmp_path: Path) -> None:
    columns = _columns()
    with pytest.raises(InvalidLog, match="it lacks the columns reward"):
        read_bandit_log(_written(tmp_path / "a", {k: v for k, v in columns.items() if k != "reward"}))
    with pytest.raises(InvalidLog, match="it has no rows"):
        read_bandit_log(_written(tmp_path / "b", {k: [] for k in columns}))
    nothing: list[object] = [None] * len(columns["reward"])
    without = columns | {"propensity": nothing}
    with pytest.raises(InvalidLog, match="no row has a propensity"):
        read_bandit_log(_written(tmp_path / "c", without))
