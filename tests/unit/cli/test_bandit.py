"""``stigmergy train bandit`` and ``stigmergy evaluate bandit``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from stigmergy.cli.main import app
from stigmergy.errors import ConfigError
from stigmergy.platform.settings import load_settings
from stigmergy.routers.bandit.artifact import load_bandit
from stigmergy.routers.configs import BanditConfig, UpperConfidenceConfig

CONFIG = """
agents:
  poet: {{kind: scripted, replies: ["4"], price: {{per_call: "0.001"}}}}
graphs:
  g: {{stages: [[poet]], router: learns}}
routers:
  learns: {{kind: bandit, artifact: {artifact}, cost_weight: {weight}, rule: {{kind: linucb, alpha: 0.3}}}}
"""
SPLITS = ("train", "train", "val", "test")
Row = dict[str, Any]


def outcomes() -> list[Row]:
    return [
        {
            "query_id": f"q{n}",
            "task": ("letters", "sums")[n % 2],
            "query": f"Query number {n}",
            "model": agent,
            "score": float(n % 2 == place),
            "cost_usd": 0.01 * (1 + place),
            "split": SPLITS[n // 2 % 4],
        }
        for n in range(80)
        for place, agent in enumerate(("poet", "clerk"))
    ]


def choices() -> list[Row]:
    rows = [
        {
            "query_id": f"q{n % 40}",
            "model": ("poet", "clerk")[n // 40 % 2],
            "reward": float(n % 2 == n // 40 % 2),
            "optimal_reward": 1.0,
            "propensity": 0.5,
        }
        for n in range(400)
    ]
    return [*rows, {**rows[0], "propensity": None}]


def asked() -> list[Row]:
    return [
        {"query_id": f"q{n}", "query": f"Query {n}", "task": ("letters", "sums")[n % 2], "split": SPLITS[n % 4]}
        for n in range(40)
    ]


def written(path: Path, rows: list[Row]) -> str:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return str(path)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments])


def told(done: Any) -> str:
    """What was printed, without the line breaks of the terminal."""
    return " ".join(done.output.split())


def replayed(tmp_path: Path, log: list[Row], queries: list[Row]) -> Any:
    files = written(tmp_path / "log.parquet", log), written(tmp_path / "queries.parquet", queries)
    return run("evaluate", "bandit", "--log", files[0], "--queries", files[1], "--seeds", "2", "--player", "linucb")


def test_an_artifact_is_trained_and_says_what_it_contains(tmp_path: Path) -> None:
    log, out = written(tmp_path / "log.parquet", outcomes()), tmp_path / "bandit.npz"
    done = run("train", "bandit", "--data", log, "--out", str(out), "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document == load_bandit(out).describe()
    assert document["arms"] == {"clerk": 60.0, "poet": 60.0}
    assert run("train", "bandit", "--data", log, "--out", str(out)).exit_code == 0


def test_streams_are_played_told_and_written(tmp_path: Path) -> None:
    log, out, page = written(tmp_path / "log.parquet", outcomes()), tmp_path / "r.json", tmp_path / "r.html"
    done = run(
        "evaluate", "bandit", "--data", log, "--rounds", "60", "--seeds", "2",
        "--player", "linucb", "--json", str(out), "--html", str(page),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    document = json.loads(out.read_text())
    assert set(document["scenarios"]) == {"steady", "swap", "newcomer"}
    found = document["scenarios"]["steady"]["linucb"]
    assert set(found) >= {"reward", "regret", "reward_second_half", "versus", "curve"}
    assert found["curve"]["round"][-1] == 60
    assert page.read_text().count("<svg") == 6


def test_the_same_seeds_give_the_same_report(tmp_path: Path) -> None:
    log = written(tmp_path / "log.parquet", outcomes())
    reports = []
    for name in ("one.json", "two.json"):
        run("evaluate", "bandit", "--data", log, "--rounds", "40", "--seeds", "1", "--json", str(tmp_path / name))
        reports.append((tmp_path / name).read_text())
    assert reports[0] == reports[1]


def test_a_log_of_uniform_choices_is_replayed(tmp_path: Path) -> None:
    done = replayed(tmp_path, choices(), asked())
    assert done.exit_code == 0, done.output
    assert "linucb" in done.output


@pytest.mark.parametrize(
    ("log", "queries", "reason"),
    [
        ([{**row, "propensity": 0.25} for row in choices()], asked(), "1/2"),
        ([{**row, "propensity": None} for row in choices()], asked(), "propensity"),
        ([{**row, "reward": float("nan")} for row in choices()], asked(), "reward"),
        ([{"query_id": "q0"}], asked(), "lacks the columns"),
        (choices(), asked()[:10], "does not hold it"),
        (choices(), [{**row, "split": "test"} for row in asked()], "train split"),
    ],
)
def test_a_log_that_cannot_be_replayed_is_refused(
    log: list[Row], queries: list[Row], reason: str, tmp_path: Path
) -> None:
    done = replayed(tmp_path, log, queries)
    assert done.exit_code == 1
    assert reason in told(done)


def test_agents_without_any_known_cost_are_named(tmp_path: Path) -> None:
    rows = [{**row, "cost_usd": None if row["model"] == "poet" else 0.1} for row in outcomes()]
    done = run(
        "train", "bandit", "--data", written(tmp_path / "log.parquet", rows), "--out", str(tmp_path / "bandit.npz")
    )
    assert done.exit_code == 1
    assert "no cost_usd of poet is known" in told(done)


def test_a_player_that_nobody_knows_is_named(tmp_path: Path) -> None:
    done = run("evaluate", "bandit", "--data", written(tmp_path / "log.parquet", outcomes()), "--player", "oracle")
    assert done.exit_code == 1
    assert "'oracle'" in told(done)


def test_data_or_log_has_to_be_given() -> None:
    assert run("evaluate", "bandit").exit_code == 2


def test_a_configuration_names_an_artifact_from_its_own_folder(tmp_path: Path) -> None:
    log = written(tmp_path / "log.parquet", outcomes())
    run("train", "bandit", "--data", log, "--out", str(tmp_path / "bandit.npz"))
    config = tmp_path / "stigmergy.yaml"
    config.write_text(CONFIG.format(artifact="bandit.npz", weight=0.3))
    router = load_settings(config, {}).routers["learns"]
    assert isinstance(router, BanditConfig)
    assert router.artifact == tmp_path / "bandit.npz"
    assert router.rule == UpperConfidenceConfig(alpha=0.3)


@pytest.mark.parametrize(("artifact", "weight", "reason"), [("none.npz", 0.3, "none.npz"), ("bandit.npz", 0.1, "0.1")])
def test_a_configuration_with_an_artifact_that_does_not_fit_is_refused(
    artifact: str, weight: float, reason: str, tmp_path: Path
) -> None:
    log = written(tmp_path / "log.parquet", outcomes())
    run("train", "bandit", "--data", log, "--out", str(tmp_path / "bandit.npz"))
    config = tmp_path / "stigmergy.yaml"
    config.write_text(CONFIG.format(artifact=artifact, weight=weight))
    with pytest.raises(ConfigError, match=r"routers\.learns\.artifact") as refusal:
        load_settings(config, {})
    assert reason in str(refusal.value)
