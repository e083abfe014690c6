"""``stigmergy train nearest`` and its like, and what serves with their artifacts."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from stigmergy.cli.main import app
from stigmergy.cli.train.estimators import SERVED
from stigmergy.errors import ConfigError
from stigmergy.platform.settings import load_settings
from stigmergy.routers.estimators.artifact import load_arms
from stigmergy.routers.estimators.catalog import ESTIMATORS

CONFIG = """
agents:
  {agent}: {{kind: scripted, replies: ["4"], price: {{per_call: "0.001"}}}}
graphs:
  g: {{stages: [[{agent}]], router: best}}
routers:
  best: {{kind: estimator, artifact: {artifact}, price: 0.2}}
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rows = [
        {
            "query_id": f"q{n}",
            "task": "math",
            "query": f"What is {n} and {n}?",
            "model": agent,
            "score": float((n + place) % 2),
            "cost_usd": 0.01 * (1 + place),
        }
        for n in range(40)
        for place, agent in enumerate(("cheap", "dear"))
    ]
    path = tmp_path / "log.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_every_command_trains_an_estimator_of_the_catalog() -> None:
    assert SERVED.keys() <= ESTIMATORS.keys()


@pytest.mark.parametrize("name", ["nearest", "ridge", "ensemble", "centroid", "best_per_task"])
def test_a_trained_artifact_can_be_loaded_and_says_what_it_is(name: str, log: Path, tmp_path: Path) -> None:
    out = tmp_path / "arms.npz"
    done = CliRunner().invoke(app, ["train", name, "--data", str(log), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found == load_arms(out).describe()
    assert (found["estimator"], found["arms"], found["queries"]) == (name, ["cheap", "dear"], 40)
    assert list(found["data"]) == ["log.parquet"]


def test_a_router_with_an_artifact_is_configured_beside_its_file(log: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["train", "nearest", "--data", str(log), "--out", str(tmp_path / "arms.npz")])
    assert "knows cheap, dear" in done.output
    (tmp_path / "site.yaml").write_text(CONFIG.format(agent="cheap", artifact="arms.npz"))
    settings = load_settings(tmp_path / "site.yaml", {})
    assert settings.routers["best"].artifact == tmp_path / "arms.npz"  # type: ignore[union-attr]


def test_an_artifact_that_knows_no_agent_of_the_graph_is_refused_by_its_path(log: Path, tmp_path: Path) -> None:
    CliRunner().invoke(app, ["train", "nearest", "--data", str(log), "--out", str(tmp_path / "arms.npz")])
    (tmp_path / "site.yaml").write_text(CONFIG.format(agent="other", artifact="arms.npz"))
    with pytest.raises(ConfigError, match=r"routers\.best\.artifact.*knows no agent of graph 'g'.*cheap, dear"):
        load_settings(tmp_path / "site.yaml", {})


def test_an_artifact_that_is_not_there_is_refused_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(CONFIG.format(agent="cheap", artifact="none.npz"))
    with pytest.raises(ConfigError, match=r"routers\.best\.artifact"):
        load_settings(tmp_path / "site.yaml", {})
