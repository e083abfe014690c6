"""How fast a training goes, ours beside RLlib's defaults and beside plain torch: same data, network and minibatch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import ray
import ray.data
import torch
from torch.nn.functional import cross_entropy

from stigmergy.platform.learning.dataset.tables import read_transitions
from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.rl.gym_env import ReplayGymEnv
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.trainers.rl.algorithm_configs import default_cloning, default_collector, learner_group
from stigmergy.platform.learning.trainers.rl.config import BcConfig, RlTraining
from stigmergy.platform.learning.trainers.rl.material import Material
from stigmergy.platform.learning.trainers.rl.modules import layers
from stigmergy.platform.learning.trainers.rl.playing import Player, World
from stigmergy.platform.learning.trainers.rl.policy_learner import PolicyLearner
from stigmergy.platform.learning.trainers.rl.rows import CHUNK, read_rows
from stigmergy.routers.learned_policy.network import FORBIDDEN
from stigmergy.routers.observation import ObservationSpec

Pace: TypeAlias = float
"""Rows, or steps of environments, in a second of wall time."""
_CPUS: Final = 4
ENVS: Final = 64
"""RLlib's collector steps so many environments at once: more do not make it faster."""


def offline_ours(training: RlTraining, material: Material, epochs: int) -> Pace:
    """Parquet to NumPy to the learner group; the reading counts."""
    learner = BcConfig(minibatch=training.learner.minibatch, clone="logged")
    policy = PolicyLearner(learner_group(training, learner, material.recipe.spec, 0))
    rng = np.random.default_rng(0)

    def passes(count: int) -> int:
        rows = read_rows(material.parts, learner, TRAIN)
        for _ in range(count):
            for batch in rows.chunks(rng, CHUNK):
                policy.update(batch, learner.minibatch)
        return count * len(rows)

    passes(1)
    return _pace(lambda: passes(epochs))


def offline_plain(training: RlTraining, material: Material, epochs: int) -> Pace:
    """Parquet to torch: a loop of one's own with Adam and cross-entropy; the reading counts."""
    spec, size = material.recipe.spec, training.learner.minibatch
    network = layers(spec.size, training.hidden, len(spec.actions))
    optimiser = torch.optim.Adam(network.parameters(), lr=training.learner.lr)

    def passes(count: int) -> int:
        logged = read_transitions(material.parts, ("observation", "action", "split"))
        kept = np.flatnonzero(logged["split"] == TRAIN)
        seen, action = (torch.from_numpy(logged[name][kept]) for name in ("observation", "action"))
        for _ in range(count):
            order = torch.randperm(len(seen))
            for start in range(0, len(order), size):
                rows = order[start : start + size]
                there = seen[rows]
                logits = torch.where(there[:, spec.mask] > 0.0, network(there), FORBIDDEN)
                optimiser.zero_grad()
                torch.autograd.backward(cross_entropy(logits, action[rows]))
                optimiser.step()
        return count * len(seen)

    passes(1)
    return _pace(lambda: passes(epochs))


def offline_default(training: RlTraining, parts: Sequence[Path], spec: ObservationSpec, updates: int) -> Pace:
    """RLlib's offline pipeline with its defaults, through Ray Data; padding is not counted, the start neither."""
    # On two CPUs the pipeline waits for itself forever: it wants one for reading and two for what makes batches.
    ray.init("local", num_cpus=_CPUS, log_to_driver=False, logging_level="ERROR", include_dashboard=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        algorithm = default_cloning(training, parts, spec, updates)
        algorithm.train()
        pace = _pace(lambda: _trained(algorithm.train, updates * training.learner.minibatch))
        algorithm.stop()
    finally:
        ray.shutdown()
    return pace


def playing_ours(training: RlTraining, world: World, count: int, rounds: int) -> Pace:
    """Our collector: hops of whole episodes, those of the boundary policies on the same draws not counted."""
    policy = PolicyLearner(learner_group(training, training.learner, world.source.spec, 0))
    player, network = Player(world, count), policy.network()
    player.play(network, (0,))
    return _pace(lambda: sum(len(player.play(network, (0, number))) for number in range(rounds)))


def playing_default(training: RlTraining, world: World, steps: int) -> Pace:
    """RLlib's collector on the same environment and network."""

    def make() -> ReplayGymEnv:
        return ReplayGymEnv(ReplayEnv(world.source, world.terms, world.rows, world.weather, size=1, seed=0))

    runner = default_collector(training, make, world.source.spec, ENVS)
    runner.sample(num_timesteps=ENVS)
    pace = _pace(lambda: sum(len(episode) for episode in runner.sample(num_timesteps=steps)))
    runner.stop()
    return pace


def _trained(train: Callable[[], object], rows: int) -> int:
    train()
    return rows


def _pace(work: Callable[[], int]) -> Pace:
    began = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - began)
