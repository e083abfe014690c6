"""``evaluate paths`` on a few workbench tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

CONFIG = """
agents:
  scan: {kind: workbench, program: scan, price: {per_call: "0.001"}}
  study: {kind: workbench, program: study, price: {per_call: "0.002"}}
  abacus: {kind: workbench, program: abacus, price: {per_call: "0.001"}}
  polymath: {kind: workbench, program: polymath, price: {per_call: "0.03"}}
  polish: {kind: workbench, program: polish, price: {per_call: "0.001"}}
graphs:
  small: {stages: [[scan, study], [abacus, polymath], [polish]], router: dearest}
routers:
  dearest: {kind: dearest}
  colony: {kind: ant_colony}
"""
QUICK = ("--bootstrap", "20", "--router", "nearest", "--by-hop", "dearest", "--episodes", "10")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def report(run: Run, out: Path, *args: str) -> dict[str, Any]:
    done = run("evaluate", "paths", *QUICK, *args, "--json", str(out))
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    for each in document["routers"].values():
        del each["decision_ms"]
    return document


def test_the_same_seed_gives_the_same_report_and_its_log_the_same_figures(
    run: Run, config: Path, tmp_path: Path
) -> None:
    log, made = tmp_path / "log.parquet", ("--graph", str(config), "--tasks", "40", "--seed", "3")
    first = report(run, tmp_path / "1.json", *made, "--log", str(log), "--by-hop", "colony")
    assert first == report(run, tmp_path / "2.json", *made, "--by-hop", "colony")
    again = report(run, tmp_path / "3.json", "--graph", str(config), "--data", str(log))
    assert len(first["data"]["arms"]) == 4
    for name in ("hull", "oracle", "nearest", "hops dearest"):
        assert again["routers"][name]["gap_closed"] == pytest.approx(first["routers"][name]["gap_closed"])


def test_a_router_that_always_takes_a_route_is_worth_its_arm(run: Run, config: Path, tmp_path: Path) -> None:
    found = report(run, tmp_path / "out.json", "--graph", str(config), "--tasks", "40")
    walked, taken = (found["routers"][name] for name in ("hops dearest", "dearest"))
    assert walked["tasks"] == taken["tasks"]
    assert walked["gap_closed"] == pytest.approx(taken["gap_closed"])


def test_a_router_that_is_not_configured_is_named(run: Run, config: Path) -> None:
    done = run("evaluate", "paths", "--graph", str(config), "--tasks", "40", "--by-hop", "nobody")
    assert done.exit_code == 2
    assert "nobody" in done.output


def test_too_few_tasks_are_a_clear_error(run: Run, config: Path) -> None:
    done = run("evaluate", "paths", "--graph", str(config), "--tasks", "1")
    assert done.exit_code == 1
    assert "split" in done.output
    assert "empty" in done.output
