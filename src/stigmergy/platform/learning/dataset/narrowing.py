"""A part of a dataset: the episodes about some task types."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from stigmergy.domain import TaskType
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.dataset.folder import DatasetFolder, Manifest
from stigmergy.platform.learning.dataset.recipe import load_recipe
from stigmergy.platform.learning.dataset.tables import read_transitions, to_table
from stigmergy.platform.learning.rl.transitions import Transitions


def narrowed(dataset: Path, types: Collection[TaskType], out: Path) -> Manifest:
    """Copy the episodes whose likeliest task type is one of ``types``, under the same recipe, to the folder ``out``.

    Raises:
        InvalidLog: there is no dataset, or none of its episodes is about one of them.
    """
    source, made = DatasetFolder(dataset), DatasetFolder(out)
    manifest = source.manifest()
    if manifest is None or not manifest.parts:
        raise InvalidLog(str(dataset), "the folder holds no dataset with transitions")
    spec = load_recipe(source.recipe_path).spec
    told = read_transitions(source.parts())
    likeliest = told["observation"][:, spec.blocks["mixture"]].argmax(axis=1)
    kept = np.isin(np.array(spec.tasks)[likeliest], sorted(types))
    if not kept.any():
        raise InvalidLog(str(dataset), f"no episode is about {', '.join(sorted(types))}; it has {spec.tasks}")
    aside = made.begin()
    shutil.copyfile(source.recipe_path, made.recipe_path)
    columns = {name: column[kept] for name, column in told.columns.items()}
    pq.write_table(to_table(Transitions(columns)), aside / "part-00000.parquet")
    return made.commit(replace(manifest, parts=(), runs=0))
