"""A whole training: every seed, checkpoints, figures on the way, the best policy as an artifact."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import torch
from tensorboardX import SummaryWriter

from stigmergy.errors import TrainingExists
from stigmergy.platform.learning.trainers.rl.checkpoints import Checkpoints
from stigmergy.platform.learning.trainers.rl.cluster import joined_cluster
from stigmergy.platform.learning.trainers.rl.config import Document, Figures, RlTraining
from stigmergy.platform.learning.trainers.rl.export import plain_config, policy_of
from stigmergy.platform.learning.trainers.rl.material import Material, open_material
from stigmergy.platform.learning.trainers.rl.searching import searched
from stigmergy.platform.learning.trainers.rl.trainees import Trainee, trainee_for
from stigmergy.platform.learning.trainers.rl.validating import OVER_BUDGET, RETURN, Validator, validator_for
from stigmergy.routers.learned_policy.artifact import save_policy
from stigmergy.routers.learned_policy.network import PolicyNetwork

ARTIFACT: Final = "policy.safetensors"
METRICS: Final = "metrics.json"
_CONFIG: Final = "training.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a training is. ``left_s`` is what this seed will still take at the pace so far."""

    seed: int
    iteration: int
    iterations: int
    figures: Figures
    left_s: float


Told: TypeAlias = Callable[[Progress], object]


@dataclass(slots=True)
class _Best:
    """The policy with the greatest return on val so far; where none is known, the latest."""

    network: PolicyNetwork
    iteration: int = -1
    figures: Figures = field(default_factory=dict)

    def hear(self, network: PolicyNetwork, iteration: int, figures: Figures) -> None:
        known = self.figures.get(RETURN)
        if known is None or figures.get(RETURN, known) > known:
            self.network, self.iteration, self.figures = network, iteration, figures


def train(training: RlTraining, out: Path, *, resume: bool, told: Told) -> Document:
    """Train a policy for every seed; ``out`` gets ``policy.safetensors``, ``metrics.json`` and a folder per seed.

    The artifact at the top is that of the seed with the greatest return on val (of the first seed, where no return is
    known). Test queries are never looked at.

    Args:
        training: what is trained.
        out: the folder.
        resume: go on from the checkpoints in it.
        told: hears of every iteration.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        InvalidLog: the data cannot be learnt from.
        TrainingExists: the folder holds a training, and it is not to be resumed; or one of another configuration.
        GpuMissing: it is to use a GPU, and there is none.
    """
    _claim(training, out, resume=resume)
    # More threads would add up in another order from run to run, and so would weights.
    torch.set_num_threads(1)
    with joined_cluster(training):
        material, tried = open_material(training, out), None
        if training.search is not None:
            material.acted_in()
            training, tried = searched(training, training.search, out)
        validator = validator_for(training, material)
        seeds = [_Seed(training, material, validator, out / f"seed-{seed}", seed).run(told) for seed in training.seeds]
    document = {**_summary(training, material, seeds, out), "search": tried}
    (out / METRICS).write_text(json.dumps(document, indent=2, sort_keys=True), encoding="utf-8")
    return document


def _summary(training: RlTraining, material: Material, seeds: list[Document], out: Path) -> Document:
    best = max(seeds, key=lambda seed: seed["figures"].get(RETURN, 0.0))
    shutil.copyfile(best["artifact"], out / ARTIFACT)
    return {
        "config": plain_config(training),
        "data": dict(material.fingerprints),
        "artifact": str(out / ARTIFACT),
        "version": best["version"],
        "seed": best["seed"],
        "seeds": seeds,
        "over_budget": sum(seed["figures"].get(OVER_BUDGET, 0.0) for seed in seeds),
    }


class _Seed:
    """The training of one seed in its folder."""

    def __init__(self, training: RlTraining, material: Material, validator: Validator, folder: Path, seed: int) -> None:
        self._training, self._material, self._validator = training, material, validator
        self._folder, self._seed = folder, seed
        self._checkpoints = Checkpoints(folder)
        self._history: list[Document] = []

    def run(self, told: Told) -> Document:
        trainee = trainee_for(self._training, self._material, self._seed)
        try:
            best = _Best(trainee.network())
            start = self._restore(trainee, best)
            self._iterate(trainee, best, start, told)
        finally:
            trainee.close()
        return self._export(best)

    def _restore(self, trainee: Trainee, best: _Best) -> int:
        """The first iteration that is still to be done."""
        state = self._checkpoints.latest()
        if state is None:
            return 0
        trainee.restore(state["trainee"])
        best.hear(**state["best"])
        self._history = state["history"]
        return int(state["iteration"]) + 1

    def _iterate(self, trainee: Trainee, best: _Best, start: int, told: Told) -> None:
        training, began = self._training, time.monotonic()
        with SummaryWriter(str(self._folder / "tensorboard"), purge_step=start) as board:
            for iteration in range(start, training.iterations):
                figures = dict(trainee.advance(iteration))
                last = iteration + 1 == training.iterations
                if last or (iteration + 1) % training.checkpoint_every == 0:
                    figures |= self._checkpoint(trainee, best, iteration)
                for name, figure in figures.items():
                    board.add_scalar(name, figure, iteration)
                each = (time.monotonic() - began) / (iteration + 1 - start)
                told(
                    Progress(
                        seed=self._seed,
                        iteration=iteration + 1,
                        iterations=training.iterations,
                        figures=figures,
                        left_s=each * (training.iterations - iteration - 1),
                    )
                )

    def _checkpoint(self, trainee: Trainee, best: _Best, iteration: int) -> Figures:
        network = trainee.network()
        figures = self._validator.judge(network)
        best.hear(network, iteration, figures)
        self._history.append({"iteration": iteration, **figures})
        kept = {
            "trainee": trainee.state(),
            "best": {"network": best.network, "iteration": best.iteration, "figures": best.figures},
            "history": self._history,
        }
        self._checkpoints.save(iteration, {"iteration": iteration, **kept})
        return figures

    def _export(self, best: _Best) -> Document:
        path = self._folder / ARTIFACT
        figures = {**best.figures, "iteration": float(best.iteration)}
        policy = policy_of(self._training, self._material, best.network, self._seed, figures)
        version = save_policy(path, policy).version
        return {
            "seed": self._seed,
            "artifact": str(path),
            "version": version,
            "figures": figures,
            "history": self._history,
        }


def _claim(training: RlTraining, out: Path, *, resume: bool) -> None:
    """Make the folder this training's; ``iterations`` may grow when it is resumed."""
    told = json.dumps({**plain_config(replace(training, iterations=1)), "iterations": None}, sort_keys=True)
    ours = hashlib.sha256(told.encode()).hexdigest()
    path = out / _CONFIG
    if path.exists():
        theirs: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not resume:
            raise TrainingExists(str(out), "it holds a training; go on with it with --resume, or take another folder")
        if theirs["fingerprint"] != ours:
            raise TrainingExists(str(out), "it holds a training of another configuration; take another folder")
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"fingerprint": ours, "config": plain_config(training)}, indent=2), encoding="utf-8")
