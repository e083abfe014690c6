"""Transitions as Arrow tables, and back; matrices are lists of one fixed length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stigmergy.platform.learning.rl.transitions import Transitions


def to_table(transitions: Transitions) -> pa.Table:
    """One row per transition."""
    return pa.table({name: _column(values) for name, values in transitions.columns.items()})


def read_transitions(parts: Sequence[Path], columns: Sequence[str] | None = None) -> Transitions:
    """The transitions of Parquet files, one after another; some columns, or all of them."""
    wanted = None if columns is None else list(columns)
    table = pa.concat_tables([pq.read_table(part, columns=wanted, partitioning=None) for part in parts])
    return Transitions({name: _array(table.column(name)) for name in table.column_names})


def _column(values: NDArray[Any]) -> pa.Array:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).ravel()), values.shape[1])


def _array(column: pa.ChunkedArray) -> NDArray[Any]:
    whole = column.combine_chunks()
    if not pa.types.is_fixed_size_list(whole.type):
        return np.asarray(whole.to_numpy(zero_copy_only=False))
    return np.asarray(whole.flatten().to_numpy(zero_copy_only=False)).reshape(len(whole), whole.type.list_size)
