"""Trainings: repeated, resumed, refused, and what they leave behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stigmergy.errors import GpuMissing, InvalidLog, TrainingExists
from stigmergy.platform.learning.trainers.rl.config import (
    BcConfig,
    BopoConfig,
    CqlConfig,
    LagrangianConfig,
    LearnerConfig,
    MarwilConfig,
    RlTraining,
)
from stigmergy.platform.learning.trainers.rl.run import Progress, train
from stigmergy.routers.learned_policy.artifact import load_policy

LEARNERS: list[LearnerConfig] = [
    BopoConfig(episodes=64, minibatch=32, epochs=2, warm_start=1),
    LagrangianConfig(episodes=64, minibatch=32, epochs=2, warm_start=1),
    MarwilConfig(minibatch=64),
    CqlConfig(minibatch=64),
    BcConfig(minibatch=64),
]


def training(data: Path, learner: LearnerConfig, iterations: int = 4) -> RlTraining:
    return RlTraining(data=data, learner=learner, iterations=iterations, checkpoint_every=2, hidden=(16,), device="cpu")


class Killed(Exception):
    """As if the process had been."""


def unheard(_: Progress) -> None:
    """Nobody listens."""


def killed_after(iterations: int) -> Callable[[Progress], None]:
    def told(at: Progress) -> None:
        if at.iteration > iterations:
            raise Killed

    return told


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.kind)
def test_the_same_seed_gives_the_same_weights_whether_or_not_the_training_was_killed_on_the_way(
    learner: LearnerConfig, arms: Path, tmp_path: Path
) -> None:
    whole = train(training(arms, learner), tmp_path / "whole", resume=False, told=unheard)
    with pytest.raises(Killed):
        train(training(arms, learner), tmp_path / "killed", resume=False, told=killed_after(2))
    heard: list[int] = []
    resumed = train(
        training(arms, learner), tmp_path / "killed", resume=True, told=lambda at: heard.append(at.iteration)
    )
    assert heard == [3, 4]
    assert resumed["version"] == whole["version"]


def test_another_seed_gives_other_weights_and_the_best_is_the_artifact(arms: Path, tmp_path: Path) -> None:
    document = train(replace(training(arms, LEARNERS[0]), seeds=(1, 2)), tmp_path, resume=False, told=unheard)
    assert len({seed["version"] for seed in document["seeds"]}) == 2
    best = max(document["seeds"], key=lambda seed: float(seed["figures"]["val_return"]))
    assert load_policy(tmp_path / "policy.safetensors").version == best["version"] == document["version"]


def test_what_is_left_behind_tells_of_the_training(arms: Path, tmp_path: Path) -> None:
    document = train(training(arms, LEARNERS[0]), tmp_path, resume=False, told=unheard)
    assert json.loads((tmp_path / "metrics.json").read_text()) == document
    assert [each["iteration"] for each in document["seeds"][0]["history"]] == [1, 3]
    assert list((tmp_path / "seed-0" / "tensorboard").glob("events.*"))
    described = load_policy(tmp_path / "policy.safetensors").describe()
    assert described["learner"] == "bopo"
    assert described["data"] == document["data"]
    assert described["metrics"]["val_over_budget"] == 0
    assert described["reward"]["cost_weight"] == 0.1


def test_a_folder_with_a_training_is_not_overwritten(arms: Path, tmp_path: Path) -> None:
    train(training(arms, LEARNERS[2], 2), tmp_path, resume=False, told=unheard)
    with pytest.raises(TrainingExists, match="--resume"):
        train(training(arms, LEARNERS[2], 2), tmp_path, resume=False, told=unheard)
    with pytest.raises(TrainingExists, match="another configuration"):
        train(training(arms, LEARNERS[3], 2), tmp_path, resume=True, told=unheard)


def test_a_training_may_be_resumed_for_more_iterations(arms: Path, tmp_path: Path) -> None:
    train(training(arms, LEARNERS[2], 2), tmp_path, resume=False, told=unheard)
    document = train(training(arms, LEARNERS[2], 4), tmp_path, resume=True, told=unheard)
    assert [each["iteration"] for each in document["seeds"][0]["history"]] == [1, 3]


def test_a_dataset_cannot_be_acted_in(chain: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match="log of queries against arms"):
        train(training(chain, LEARNERS[0]), tmp_path, resume=False, told=unheard)


def test_a_folder_without_a_dataset_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidLog, match="no dataset"):
        train(training(tmp_path / "empty", LEARNERS[2]), tmp_path / "out", resume=False, told=unheard)


def test_served_outputs_are_those_of_the_network_that_was_trained(arms: Path, tmp_path: Path) -> None:
    made = train(training(arms, LEARNERS[0], 2), tmp_path, resume=False, told=unheard)
    policy = load_policy(Path(made["artifact"]))
    seen = np.random.default_rng(0).random((5, policy.spec.size), dtype=np.float32)
    seen[:, policy.spec.mask] = 1.0
    there = torch.from_numpy(seen)
    first, last = ((torch.from_numpy(each.weight), torch.from_numpy(each.bias)) for each in policy.network.layers)
    expected = torch.relu(there @ first[0] + first[1]) @ last[0] + last[1]
    assert np.allclose(policy.network.outputs(seen, policy.spec.mask), expected.numpy(), atol=1e-5)


@pytest.mark.skipif(torch.cuda.is_available(), reason="torch sees a GPU")
def test_a_gpu_that_is_not_there_is_missed_by_name(arms: Path, tmp_path: Path) -> None:
    with pytest.raises(GpuMissing, match="take auto or cpu"):
        train(replace(training(arms, BcConfig()), device="gpu"), tmp_path, resume=False, told=unheard)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.kind)
def test_what_was_trained_on_a_gpu_is_served_without_one(learner: LearnerConfig, arms: Path, tmp_path: Path) -> None:
    document = train(replace(training(arms, learner, 2), device="gpu"), tmp_path, resume=False, told=unheard)
    policy = load_policy(Path(document["artifact"]))
    assert document["over_budget"] == 0
    assert all(np.isfinite(layer.weight).all() for layer in policy.network.layers)
