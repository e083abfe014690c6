"""Columns of Parquet files, checked and refused with a reason."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog

if TYPE_CHECKING:
    import pyarrow as pa


def sha256_of(path: Path) -> str:
    """The fingerprint of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_table(path: Path) -> pa.Table:
    """A Parquet file whole; raises InvalidLog where it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path).read()
    except (OSError, pa.ArrowInvalid) as error:
        raise InvalidLog(str(path), f"it cannot be read as Parquet ({error})") from None


def text_column(path: str, table: pa.Table, name: str) -> NDArray[np.object_]:
    """A column of texts; raises InvalidLog where one is missing."""
    values: NDArray[np.object_] = np.array(table.column(name).to_pylist(), dtype=object)
    wrong = np.fromiter((not isinstance(value, str) for value in values), dtype=bool, count=len(values))
    refuse_where(path, name, values, wrong, "it has to be text")
    return values


def number_column(path: str, table: pa.Table, name: str) -> NDArray[np.float64]:
    """A column of numbers, NaN where one is missing; raises InvalidLog where it is none of numbers."""
    import pyarrow as pa

    try:
        column = table.column(name).cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InvalidLog(
            path, f"its column {name} is of type {table.column(name).type}; it has to be a number"
        ) from None
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def refuse_where(path: str, name: str, values: NDArray[Any], wrong: NDArray[np.bool_], rule: str) -> None:
    """Raise InvalidLog with the rule if any value is wrong, showing the first."""
    if wrong.any():
        row = int(wrong.argmax())
        value = values[row : row + 1].tolist()[0]
        raise InvalidLog(path, f"{int(wrong.sum())} values of {name}, first {value!r} in row {row + 1}: {rule}")
