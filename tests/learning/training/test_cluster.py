"""Trainings on a real, small Ray: players and learners beside the driver, a killed player, a Ray job, a search."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import ray
import yaml
from ray.util.state import list_actors

from stigmergy.deployments.local_nodes import LocalNodes, local_nodes
from stigmergy.platform.learning.trainers.rl.config import (
    BopoConfig,
    MarwilConfig,
    RangeConfig,
    RlTraining,
    SearchConfig,
)
from stigmergy.platform.learning.trainers.rl.players import players_for
from stigmergy.platform.learning.trainers.rl.run import train
from stigmergy.routers.learned_policy.artifact import load_policy

if TYPE_CHECKING:
    from tests.learning.training.conftest import MakeWorld

pytestmark = [
    pytest.mark.ray,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def job_address() -> Iterator[str]:
    """A Ray of this machine, and where jobs are submitted to it.

    It has an address of its own: the agent that takes jobs listens on a fixed port, which other tests' Ray may hold.
    """
    context = ray.init(
        "local",
        _node_ip_address="127.77.0.2",
        num_cpus=4,
        include_dashboard=True,
        dashboard_port=0,
        log_to_driver=False,
        logging_level="ERROR",
    )
    try:
        yield f"http://{context.dashboard_url}"
    finally:
        ray.shutdown()


def training(data: Path) -> RlTraining:
    learner = BopoConfig(episodes=64, minibatch=32, epochs=1, warm_start=0)
    return RlTraining(data=data, learner=learner, iterations=2, checkpoint_every=1, hidden=(16,), device="cpu")


@pytest.mark.usefixtures("job_address")
def test_players_and_learners_work_beside_the_driver(arms: Path, tmp_path: Path) -> None:
    spread = replace(training(arms), env_runners=2, learners=1)
    document = train(spread, tmp_path, resume=False, told=lambda _: None)
    assert document["over_budget"] == 0
    assert load_policy(tmp_path / "policy.safetensors").learner == "bopo"


def test_a_killed_player_comes_back_and_plays_what_it_was_asked_for(
    job_address: str, arms: Path, tmp_path: Path, world: MakeWorld
) -> None:
    played, network = world(arms, tmp_path, 0.2)
    players = players_for(played, 40, 2)
    before = players.play(network, (0, 1))
    alive = list_actors(job_address, filters=[("state", "=", "ALIVE"), ("class_name", "=", "Player")])
    os.kill(alive[0].pid, signal.SIGKILL)
    again = players.play(network, (0, 1))
    players.close()
    assert (before.action == again.action).all()
    assert (before.reward == again.reward).all()


@pytest.mark.usefixtures("job_address")
def test_a_search_chooses_settings_before_the_training(arms: Path, tmp_path: Path) -> None:
    search = SearchConfig(trials=2, ranges={"lr": RangeConfig(low=1e-4, high=1e-2)}, choices={"beta": (0.5, 1.0)})
    told = replace(training(arms), learner=MarwilConfig(), search=search)
    document = train(told, tmp_path, resume=False, told=lambda _: None)
    assert len(document["search"]["trials"]) == 2
    assert document["config"]["learner"]["lr"] == document["search"]["chosen"]["lr"]


@pytest.fixture
def nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port: Callable[[], int]) -> Iterator[LocalNodes]:
    """A head started by ``ray start``, as on a machine of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    source = str(Path(__file__).parents[3] / "src")
    with local_nodes(free_port(), {**os.environ, "PYTHONPATH": source}, nodes=0) as cluster:
        yield cluster


def submitted(nodes: LocalNodes, *command: str) -> subprocess.CompletedProcess[str]:
    """``ray job submit``, tried again while Ray's agent, which takes jobs, is not yet up; waits for the job's end."""
    environ = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": nodes.token}
    submit = [sys.executable, "-m", "ray.scripts.scripts", "job", "submit", "--address", nodes.address, "--", *command]
    for _ in range(10):
        done = subprocess.run(submit, check=False, env=environ, capture_output=True, text=True, timeout=400)
        if "No available agent" not in done.stdout + done.stderr:
            break
        time.sleep(2.0)
    return done


@pytest.mark.timeout(600)
def test_the_same_command_runs_as_a_ray_job(nodes: LocalNodes, arms: Path, tmp_path: Path) -> None:
    config, out = tmp_path / "training.yaml", tmp_path / "out"
    learner = {"kind": "bopo", "episodes": 64, "minibatch": 32, "epochs": 1, "warm_start": 0}
    document = {"data": str(arms), "learner": learner, "iterations": 2, "hidden": [16], "env_runners": 1}
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    stigmergy = shlex.join([sys.executable, "-c", "from stigmergy.cli.main import app; app()"])
    done = submitted(nodes, "sh", "-c", f"exec {stigmergy} train rl --config {config} --out {out}")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((out / "metrics.json").read_text())
    assert told["over_budget"] == 0
    assert load_policy(Path(told["artifact"])).version == told["version"]
