"""What a training learns from: the rows of a dataset, and a log that can be acted in again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.dataset.arm_log_job import ArmLogJob, arm_log_job
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
from stigmergy.platform.learning.rl.sources import OutcomeSource
from stigmergy.platform.learning.trainers.rl.config import RlTraining
from stigmergy.platform.learning.trainers.rl.foreseen import foresee
from stigmergy.routers.learned_policy.sight import Seen
from stigmergy.routers.observation import Places

DATASET: Final = "dataset"
"""The folder, in that of the training, of the dataset that a log is made into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A log of queries against arms, to be acted in again: ``arms`` as logged, ``source`` as policies see it."""

    arms: ArmSource
    source: OutcomeSource
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
        seen: what makes the features of observations.
        fingerprints: of the data, by the name of a file.
        queries: that are learnt from.
    """

    recipe: Recipe
    parts: tuple[Path, ...]
    replay: Replay | None
    seen: Seen
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
        return _of_dataset(data, training)
    if is_step_log(data):
        raise InvalidLog(str(data), "it holds steps of runs; make a dataset of it with `stigmergy train dataset` first")
    log = read_arm_log(data)
    seen = _LOOKS[training.sees](arm_log_job(log, training.cost_weight), log.table)
    parts: list[Path] = []
    if not training.needs_no_rows:
        make_from_log(data, out / DATASET, one_by_one, training.cost_weight)
        parts = DatasetFolder(out / DATASET).parts()
    spec = seen.recipe.spec
    return Material(
        recipe=replace(seen.recipe, spec=replace(spec, graph=training.graph or spec.graph)),
        parts=tuple(parts),
        replay=seen.replay,
        seen=seen.by,
        fingerprints={Path(path).name: digest for path, digest in log.table.files.items()},
        queries=len(seen.replay.rows(TRAIN)),
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    recipe: Recipe
    replay: Replay
    by: Seen


def _by_text(job: ArmLogJob, table: OutcomeTable) -> _Seen:
    return _Seen(job.recipe, Replay(arms=job.source, source=job.source, table=table), job.recipe.semantics)


def _by_expectation(job: ArmLogJob, table: OutcomeTable) -> _Seen:
    found = foresee(job.source, table)
    recipe = replace(job.recipe, spec=found.source.spec)
    return _Seen(recipe, Replay(arms=job.source, source=found.source, table=table), found.foresight)


_LOOKS: Final = {"text": _by_text, "expected": _by_expectation}


def _of_dataset(path: Path, training: RlTraining) -> Material:
    if training.sees != "text" or training.graph:
        raise InvalidLog(
            str(path), "its rows hold vectors of texts and name their graph: `sees` and `graph` are for a Parquet log"
        )
    folder = DatasetFolder(path)
    manifest = folder.manifest()
    if manifest is None or not manifest.parts:
        raise InvalidLog(str(path), "the folder holds no dataset with transitions; `stigmergy train dataset` makes one")
    parts = tuple(folder.parts())
    told = read_transitions(parts, ("cluster", "split"))
    recipe = load_recipe(folder.recipe_path)
    return Material(
        recipe=recipe,
        parts=parts,
        replay=None,
        seen=recipe.semantics,
        fingerprints={path.name: manifest.fingerprint},
        queries=len(set(told["cluster"][told["split"] == TRAIN])),
    )
