"""What a training learns from: the rows of a dataset, and a log that can be acted in again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.dataset.arm_log_job import arm_log_job
from stigmergy.platform.learning.dataset.folder import DatasetFolder
from stigmergy.platform.learning.dataset.from_log import make_from_log
from stigmergy.platform.learning.dataset.recipe import Recipe, load_recipe
from stigmergy.platform.learning.dataset.spreading import one_by_one
from stigmergy.platform.learning.dataset.step_log_job import is_step_log
from stigmergy.platform.learning.dataset.tables import read_transitions
from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable
from stigmergy.platform.learning.rl.arm_log import read_arm_log
from stigmergy.platform.learning.rl.arm_source import ArmSource
from stigmergy.platform.learning.trainers.rl.config import BcConfig, RlTraining
from stigmergy.routers.observation import Places

DATASET: Final = "dataset"
"""The folder, in that of the training, of the dataset that a log is made into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A log of queries against arms, to be acted in again."""

    source: ArmSource
    table: OutcomeTable

    def rows(self, split: str) -> Places:
        """Numbers of the queries of a split."""
        return np.flatnonzero(self.table.rows_of(split)).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What there is to learn from.

    Attributes:
        recipe: how situations are encoded and rewarded.
        parts: Parquet files of transitions; none where the learner needs none.
        replay: None for a dataset.
        fingerprints: of the data, by the name of a file.
        queries: that are learnt from.
    """

    recipe: Recipe
    parts: tuple[Path, ...]
    replay: Replay | None
    fingerprints: Mapping[str, str]
    queries: int

    def acted_in(self) -> Replay:
        """The replay.

        Raises:
            InvalidLog: a dataset cannot be acted in.
        """
        if self.replay is None:
            raise InvalidLog(
                ", ".join(self.fingerprints),
                "this learner acts in the log again, or compares all arms on a query; "
                "give a Parquet log of queries against arms, or take the learner cql, marwil, or bc with clone: logged",
            )
        return self.replay


def open_material(training: RlTraining, out: Path) -> Material:
    """Read what a training is told to learn from. A log becomes a dataset in ``out`` where rows are needed.

    Raises:
        InvalidLog: says what of the data cannot be used.
        InvalidArtifact: the recipe of the dataset was changed.
    """
    data = training.data
    if data.is_dir():
        return _of_dataset(data)
    if is_step_log(data):
        raise InvalidLog(str(data), "it holds steps of runs; make a dataset of it with `stigmergy train dataset` first")
    log = read_arm_log(data)
    job = arm_log_job(log, training.cost_weight)
    replay = Replay(source=job.source, table=log.table)
    parts: list[Path] = []
    if not needs_no_rows(training):
        make_from_log(data, out / DATASET, one_by_one, training.cost_weight)
        parts = DatasetFolder(out / DATASET).parts()
    return Material(
        recipe=job.recipe,
        parts=tuple(parts),
        replay=replay,
        fingerprints={Path(path).name: digest for path, digest in log.table.files.items()},
        queries=len(replay.rows(TRAIN)),
    )


def needs_no_rows(training: RlTraining) -> bool:
    """Whether the learner only acts, or clones what it works out itself."""
    learner = training.learner
    return training.acts or (isinstance(learner, BcConfig) and learner.clone == "boundary")


def _of_dataset(path: Path) -> Material:
    folder = DatasetFolder(path)
    manifest = folder.manifest()
    if manifest is None or not manifest.parts:
        raise InvalidLog(str(path), "the folder holds no dataset with transitions; `stigmergy train dataset` makes one")
    parts = tuple(folder.parts())
    told = read_transitions(parts, ("cluster", "split"))
    return Material(
        recipe=load_recipe(folder.recipe_path),
        parts=parts,
        replay=None,
        fingerprints={path.name: manifest.fingerprint},
        queries=len(set(told["cluster"][told["split"] == TRAIN])),
    )
