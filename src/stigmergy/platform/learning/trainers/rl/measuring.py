"""How fast a training goes, ours beside RLlib's defaults and beside plain torch: same data, network and minibatch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import pyarrow.parquet as pq
import ray
import ray.data
import torch
from torch.nn.functional import cross_entropy

from stigmergy.platform.learning.dataset.tables import read_transitions
from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.rl.gym_env import Info, ReplayGymEnv
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.trainers.rl.algorithm_configs import default_cloning, default_collector, learner_group
from stigmergy.platform.learning.trainers.rl.config import BcConfig, RlTraining
from stigmergy.platform.learning.trainers.rl.material import Material
from stigmergy.platform.learning.trainers.rl.modules import layers
from stigmergy.platform.learning.trainers.rl.playing import Player, World
from stigmergy.platform.learning.trainers.rl.policy_learner import PolicyLearner
from stigmergy.platform.learning.trainers.rl.rows import CHUNK, read_rows
from stigmergy.routers.learned_policy.network import FORBIDDEN
from stigmergy.routers.observation import Floats, ObservationSpec

Pace: TypeAlias = float
"""Rows, or steps of environments, in a second of wall time."""
_CPUS: Final = 4
ENVS: Final = 64
"""RLlib's collector steps so many environments at once: more do not make it faster."""


def offline_ours(training: RlTraining, material: Material, epochs: int) -> Pace:
    """Parquet to NumPy to the learner group; every pass reads the files."""
    learner = BcConfig(minibatch=training.learner.minibatch, clone="logged")
    policy = PolicyLearner(learner_group(training, learner, material.recipe.spec, 0))
    rng = np.random.default_rng(0)

    def one_pass() -> int:
        rows = read_rows(material.parts, learner, TRAIN)
        for batch in rows.chunks(rng, CHUNK):
            policy.update(batch, learner.minibatch)
        return len(rows)

    one_pass()
    return _pace(lambda: sum(one_pass() for _ in range(epochs)))


def offline_plain(training: RlTraining, material: Material, epochs: int) -> Pace:
    """Parquet to torch: a loop of one's own with Adam and cross-entropy; every pass reads the files."""
    spec, size = material.recipe.spec, training.learner.minibatch
    network = layers(spec.size, training.hidden, len(spec.actions))
    optimiser = torch.optim.Adam(network.parameters(), lr=training.learner.lr)

    def one_pass() -> int:
        logged = read_transitions(material.parts, ("observation", "action", "split"))
        kept = np.flatnonzero(logged["split"] == TRAIN)
        seen, action = (torch.from_numpy(logged[name][kept]) for name in ("observation", "action"))
        order = torch.randperm(len(seen))
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            there = seen[rows]
            logits = torch.where(there[:, spec.mask] > 0.0, network(there), FORBIDDEN)
            optimiser.zero_grad()
            torch.autograd.backward(cross_entropy(logits, action[rows]))
            optimiser.step()
        return len(seen)

    one_pass()
    return _pace(lambda: sum(one_pass() for _ in range(epochs)))


def offline_default(training: RlTraining, parts: Sequence[Path], spec: ObservationSpec) -> tuple[Pace, Pace]:
    """RLlib's offline pipeline with its defaults, through Ray Data: a pass from the files, and one from memory.

    By default it converts the whole dataset first and keeps the result in its object store: the first pass is the one
    from the files. Its start (processes that import RLlib) is not counted: it is what a pass over the first file
    alone takes, whose rows are not counted either. No pass from the files is held to be quicker than one from memory.
    """
    # On two CPUs the pipeline waits for itself forever: it wants one for reading and two for what makes batches.
    ray.init("local", num_cpus=_CPUS, log_to_driver=False, logging_level="ERROR", include_dashboard=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        few, start, _ = _passes(training, parts[:1], spec)
        rows, from_files, from_memory = _passes(training, parts, spec)
    finally:
        ray.shutdown()
    more = rows - few
    return more / max(from_files - start, from_memory * more / rows), rows / from_memory


def _passes(training: RlTraining, parts: Sequence[Path], spec: ObservationSpec) -> tuple[int, float, float]:
    """Rows of a pass of RLlib's pipeline, and the seconds that the first and the second pass take."""
    updates = sum(pq.read_metadata(part).num_rows for part in parts) // training.learner.minibatch
    algorithm = default_cloning(training, parts, spec, updates)
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        algorithm.train()
        seconds.append(time.perf_counter() - began)
    algorithm.stop()
    return updates * training.learner.minibatch, seconds[0], seconds[1]


def playing_ours(training: RlTraining, world: World, count: int, rounds: int) -> Pace:
    """Our collector: hops of whole episodes, those of the boundary policies on the same draws not counted."""
    policy = PolicyLearner(learner_group(training, training.learner, world.source.spec, 0))
    player, network = Player(world, count), policy.network()
    player.play(network, (0,))
    return _pace(lambda: sum(len(player.play(network, (0, number))) for number in range(rounds)))


def playing_default(training: RlTraining, world: World, steps: int) -> tuple[Pace, Pace]:
    """RLlib's collector on the same environment and network: as it is, and as if the environment took no time."""
    clock = _Stopwatch()

    def make() -> ReplayGymEnv:
        env = ReplayEnv(world.source, world.terms, world.rows, world.weather, size=1, seed=0)
        return _TimedGymEnv(env, clock)

    runner = default_collector(training, make, world.source.spec, ENVS)
    runner.sample(num_timesteps=ENVS)
    clock.elapsed, began = 0.0, time.perf_counter()
    done = sum(len(episode) for episode in runner.sample(num_timesteps=steps))
    took = time.perf_counter() - began
    runner.stop()
    return done / took, done / (took - clock.elapsed)


@dataclass(slots=True)
class _Stopwatch:
    elapsed: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.elapsed += time.perf_counter() - began


class _TimedGymEnv(ReplayGymEnv):
    """Tells how long it took; RLlib's collector steps one of these after the other."""

    def __init__(self, env: ReplayEnv, clock: _Stopwatch) -> None:
        super().__init__(env)
        self._clock = clock

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Floats, Info]:
        """See ``ReplayGymEnv``."""
        with self._clock.running():
            return super().reset(seed=seed, options=options)

    def step(self, action: np.int64) -> tuple[Floats, float, bool, bool, Info]:
        """See ``ReplayGymEnv``."""
        with self._clock.running():
            return super().step(action)


def _pace(work: Callable[[], int]) -> Pace:
    began = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - began)
