"""A dataset made from a file of logged outcomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.dataset.arm_log_job import arm_log_job
from stigmergy.platform.learning.dataset.folder import DatasetFolder, Manifest
from stigmergy.platform.learning.dataset.jobs import Job
from stigmergy.platform.learning.dataset.recipe import save_recipe
from stigmergy.platform.learning.dataset.spreading import Spread
from stigmergy.platform.learning.dataset.step_log_job import is_step_log, step_log_job
from stigmergy.platform.learning.evaluation.columns import sha256_of
from stigmergy.platform.learning.rl.arm_log import read_arm_log


class LogJob(Job, Protocol):
    """A job that knows all its keys."""

    @property
    def keys(self) -> Sequence[str]:
        """Of everything in the log."""
        ...


def make_from_log(data: Path, out: Path, spread: Spread, cost_weight: float = 0.1) -> Manifest:
    """The dataset of one file: of queries against arms, or of steps (a ``step`` column). Made again, it stays.

    Raises:
        InvalidLog: says what of the file cannot be used, or that the folder holds a dataset of something else.
    """
    source = f"{data.name} sha256:{sha256_of(data)}"
    folder = DatasetFolder(out)
    known = folder.manifest()
    if known is not None:
        if known.source != source:
            raise InvalidLog(str(out), f"it holds a dataset of {known.source}, not of {source}; take another folder")
        return known
    job = _job(data)(cost_weight)
    out.mkdir(parents=True, exist_ok=True)
    version = save_recipe(folder.recipe_path, job.recipe)
    spread(job, job.keys, folder.begin())
    return folder.commit(Manifest(recipe=version, spec=job.recipe.spec.version, source=source))


def _job(data: Path) -> Callable[[float], LogJob]:
    if is_step_log(data):
        return lambda weight: step_log_job(data, weight)
    return lambda weight: arm_log_job(read_arm_log(data), weight)
