"""Policies that RLlib trains on the episodes of the stage, as ``train dataset`` and ``train rl`` do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stigmergy.cli.train_demo.stage import Stage
from stigmergy.platform.learning.dataset.folder import Manifest
from stigmergy.platform.learning.dataset.from_store import StoreAt, extend_from_store
from stigmergy.platform.learning.dataset.spreading import one_by_one
from stigmergy.platform.learning.trainers.rl.config import MarwilConfig, RlTraining
from stigmergy.platform.learning.trainers.rl.run import train
from stigmergy.platform.store import open_existing

LEARNER: Final = MarwilConfig(beta=1.0)
"""Learns from logged episodes alone; why not another: METHODS M19."""
PASSES: Final = 20
"""Few: a policy that is further from what was logged can hardly be judged by the log."""
MANY_PASSES: Final = 100
"""Over few episodes, until nothing but these is known."""


@dataclass(frozen=True, slots=True)
class Trained:
    """An artifact, with what it reached and what it was made of, as the registry keeps them."""

    artifact: bytes
    metrics: Mapping[str, Any]
    lineage: Mapping[str, Any]


def logged_dataset(stage: Stage, folder: Path) -> Manifest:
    """Everything that is stored by now as transitions, in ``folder``."""
    return extend_from_store(StoreAt(stage.settings.store.url, open_existing), stage.graph, folder, one_by_one)


def trained_on(dataset: Path, manifest: Manifest, out: Path, passes: int) -> Trained:
    """The policy that RLlib makes of a dataset; checkpoints and figures stay in ``out``."""
    training = RlTraining(data=dataset, learner=LEARNER, iterations=passes, checkpoint_every=passes)
    document = train(training, out, resume=False, told=lambda _: None)
    return Trained(
        Path(document["artifact"]).read_bytes(),
        dict(document["seeds"][0]["figures"]),
        {"dataset": manifest.fingerprint, "episodes": manifest.episodes, "rows": manifest.rows},
    )
