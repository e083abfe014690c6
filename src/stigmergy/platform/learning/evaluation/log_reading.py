"""Parquet files of logged outcomes, one row per attempt, read and refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.columns import (
    number_column,
    read_table,
    refuse_where,
    sha256_of,
    text_column,
)

if TYPE_CHECKING:
    import pyarrow as pa

TRAIN: Final = "train"
VAL: Final = "val"
TEST: Final = "test"
SPLITS: Final = (TRAIN, VAL, TEST)
_TEXTS: Final = ("query_id", "task", "query", "model")
_NUMBERS: Final = ("score", "cost_usd")
_COLUMNS: Final = (*_TEXTS, "split", "score", "cost")

Source = Mapping[str, Path]
"""Which file holds which split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Rows of the log as columns of one length. ``cost`` is NaN where it is not known."""

    query_id: NDArray[np.object_]
    task: NDArray[np.object_]
    query: NDArray[np.object_]
    model: NDArray[np.object_]
    split: NDArray[np.object_]
    score: NDArray[np.float64]
    cost: NDArray[np.float64]
    files: Mapping[str, str]
    """Path to sha256 of every file that was read."""

    def take(self, rows: NDArray[np.intp]) -> Attempts:
        """Some of the rows."""
        return Attempts(**{name: getattr(self, name)[rows] for name in _COLUMNS}, files=self.files)


def read_file(path: Path) -> Attempts:
    """Read one file with a ``split`` column of train, val and test.

    Raises:
        InvalidLog: says which value of which row cannot be used.
    """
    return _checked(str(path), read_table(path), None, {str(path): sha256_of(path)})


def read_files(source: Source) -> Attempts:
    """Read one file for each split; a ``split`` column in them is not looked at.

    Raises:
        InvalidLog: says which value of which row of which file cannot be used.
    """
    parts = [
        _checked(str(path), read_table(path), split, {str(path): sha256_of(path)}) for split, path in source.items()
    ]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    return Attempts(**columns, files={path: digest for part in parts for path, digest in part.files.items()})


def _checked(path: str, table: pa.Table, split: str | None, files: Mapping[str, str]) -> Attempts:
    needed = (*_TEXTS, *_NUMBERS, *(() if split else ("split",)))
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        hint = "; without a split column give --train, --val and --test" if "split" in missing else ""
        raise InvalidLog(path, f"it lacks the columns {', '.join(missing)}; it has {table.column_names}{hint}")
    if not table.num_rows:
        where = f", which is the {split} split" if split else ""
        raise InvalidLog(path, f"it has no rows{where}")
    texts = {name: text_column(path, table, name) for name in _TEXTS}
    splits = np.full(table.num_rows, split, dtype=object) if split else text_column(path, table, "split")
    refuse_where(path, "split", splits, ~np.isin(splits, SPLITS), f"a split is one of {', '.join(SPLITS)}")
    score, cost = (number_column(path, table, name) for name in _NUMBERS)
    refuse_where(path, "score", score, np.isnan(score), "leave out the rows of attempts that were not scored")
    refuse_where(path, "score", score, (score < 0.0) | (score > 1.0), "a score lies in [0, 1]")
    refuse_where(path, "cost_usd", cost, (cost < 0.0) | np.isinf(cost), "a cost is at least 0, or null if not known")
    return Attempts(**texts, split=splits, score=score, cost=cost, files=files)
