"""Parquet files of logged outcomes, one row per attempt, read and refused with a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog

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
    return _checked(str(path), _table(path), None, {str(path): _sha256(path)})


def read_files(source: Source) -> Attempts:
    """Read one file for each split; a ``split`` column in them is not looked at.

    Raises:
        InvalidLog: says which value of which row of which file cannot be used.
    """
    parts = [_checked(str(path), _table(path), split, {str(path): _sha256(path)}) for split, path in source.items()]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    return Attempts(**columns, files={path: digest for part in parts for path, digest in part.files.items()})


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _table(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path).read()
    except (OSError, pa.ArrowInvalid) as error:
        raise InvalidLog(str(path), f"it cannot be read as Parquet ({error})") from None


def _checked(path: str, table: pa.Table, split: str | None, files: Mapping[str, str]) -> Attempts:
    needed = (*_TEXTS, *_NUMBERS, *(() if split else ("split",)))
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        hint = "; without a split column give --train, --val and --test" if "split" in missing else ""
        raise InvalidLog(path, f"it lacks the columns {', '.join(missing)}; it has {table.column_names}{hint}")
    if not table.num_rows:
        where = f", which is the {split} split" if split else ""
        raise InvalidLog(path, f"it has no rows{where}")
    texts = {name: _texts(path, table, name) for name in _TEXTS}
    splits = np.full(table.num_rows, split, dtype=object) if split else _texts(path, table, "split")
    _refuse_where(path, "split", splits, ~np.isin(splits, SPLITS), f"a split is one of {', '.join(SPLITS)}")
    score, cost = (_numbers(path, table, name) for name in _NUMBERS)
    _refuse_where(path, "score", score, np.isnan(score), "leave out the rows of attempts that were not scored")
    _refuse_where(path, "score", score, (score < 0.0) | (score > 1.0), "a score lies in [0, 1]")
    _refuse_where(path, "cost_usd", cost, (cost < 0.0) | np.isinf(cost), "a cost is at least 0, or null if not known")
    return Attempts(**texts, split=splits, score=score, cost=cost, files=files)


def _texts(path: str, table: pa.Table, name: str) -> NDArray[np.object_]:
    values: NDArray[np.object_] = np.array(table.column(name).to_pylist(), dtype=object)
    wrong = np.fromiter((not isinstance(value, str) for value in values), dtype=bool, count=len(values))
    _refuse_where(path, name, values, wrong, "it has to be text")
    return values


def _numbers(path: str, table: pa.Table, name: str) -> NDArray[np.float64]:
    import pyarrow as pa

    try:
        column = table.column(name).cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InvalidLog(
            path, f"its column {name} is of type {table.column(name).type}; it has to be a number"
        ) from None
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _refuse_where(path: str, name: str, values: NDArray[Any], wrong: NDArray[np.bool_], rule: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        value = values[row : row + 1].tolist()[0]
        raise InvalidLog(path, f"{int(wrong.sum())} values of {name}, first {value!r} in row {row + 1}: {rule}")
