from __future__ import annotations

from pathlib import Path

import pytest

from stigmergy.cli.train_demo.fresh import FreshRun, difference
from stigmergy.cli.train_demo.stage import SERVED, set_stage
from stigmergy.graphs.pheromones import Trails
from stigmergy.graphs.trail_delta import TrailDelta
from stigmergy.platform.settings.loading import router_from
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.colony_artifact import load_trails, save_trails
from stigmergy.routers.configs import AntColonyConfig, EpsilonConfig


def test_the_document_of_a_policy_is_the_configured_router_with_another_selection(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    configured = stage.settings.routers[SERVED]
    policy = router_from({**stage.document(0.02), "artifact": "trails.npz"}, "policy")
    assert isinstance(policy, AntColonyConfig)
    assert isinstance(configured, AntColonyConfig)
    assert policy.selection == EpsilonConfig(epsilon=0.02)
    assert (policy.beta, policy.heuristic) == (configured.beta, configured.heuristic)


def test_of_an_artifact_only_what_is_about_some_types_is_left(tmp_path: Path) -> None:
    edge = ("START", "scan")
    total = TrailDelta(
        log_tau={"dates": {edge: 0.5}, "tables": {edge: 0.25}},
        trials={"scan": {"dates": 3.0, "tables": 4.0}},
        successes={"scan": {"dates": 2.0, "tables": 1.0}},
    )
    path = tmp_path / "all.npz"
    save_trails(path, Trails(total, 0, "here"), Origin(data={}, code="", config={}, queries=0))
    left = tmp_path / "left.npz"
    left.write_bytes(set_stage(tmp_path).knowing(path.read_bytes(), ("dates",)))
    found = load_trails(left).trails.total
    assert found.log_tau == {"dates": {edge: 0.5}}
    assert found.trials == {"scan": {"dates": 3.0}}


def test_a_gain_is_counted_task_by_task() -> None:
    before = FreshRun(0.5, 0.001, {"a": 4}, (0.0, 1.0, 0.0, 1.0))
    after = FreshRun(0.75, 0.001, {"b": 4}, (0.5, 1.5, 0.5, 1.5))
    gain = difference(after, before)
    assert (gain.mean, gain.low, gain.high) == pytest.approx((0.5, 0.5, 0.5))
