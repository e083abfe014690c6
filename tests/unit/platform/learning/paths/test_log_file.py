"""Route logs written and read again, and files that are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.paths.branches import Branches
from stigmergy.platform.learning.paths.log_file import read_route_log, write_route_log
from stigmergy.platform.learning.paths.route_log import RouteLog
from stigmergy.platform.learning.paths.route_table import tabulate_routes

MakeLog = Callable[..., RouteLog]


@pytest.fixture
def written(make_log: MakeLog, tmp_path: Path) -> Path:
    path = tmp_path / "routes.parquet"
    write_route_log(make_log(), path)
    return path


def changed(path: Path, column: str, value: Any) -> Path:
    rows = pq.read_table(path).to_pylist()
    rows[3][column] = value
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def steps_of(log: RouteLog) -> set[tuple[Any, ...]]:
    """Every branch with the way to it, whatever its row."""
    columns = [getattr(log.branches, each.name) for each in fields(Branches) if each.name not in ("parent", "node")]

    def way(row: int) -> tuple[Any, ...]:
        own = (log.nodes[log.branches.node[row]], *(str(column[row]) for column in columns))
        above = int(log.branches.parent[row])
        return own if above < 0 else (*way(above), *own)

    return {way(row) for row in range(len(log.branches))}


def test_a_log_is_read_as_it_was_written(make_log: MakeLog, written: Path) -> None:
    before, after = make_log(), read_route_log(written)
    assert (after.nodes, after.queries.texts) == (before.nodes, before.queries.texts)
    assert steps_of(after) == steps_of(before)
    np.testing.assert_array_equal(tabulate_routes(after).quality, tabulate_routes(before).quality)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("cost_usd", -1.0, "at least 0"),
        ("cost_usd", None, "it has to be known"),
        ("latency_s", float("nan"), "it has to be known"),
        ("runs", 0, "at least one run"),
        ("split", "holdout", "a split is one of"),
        ("query", "another text", "all rows of a query_id"),
        ("node", None, "it has to be text"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(written: Path, column: str, value: Any, said: str) -> None:
    with pytest.raises(InvalidLog, match=said):
        read_route_log(changed(written, column, value))


def test_missing_columns_are_named(written: Path) -> None:
    pq.write_table(pq.read_table(written).drop_columns(["quality", "parent"]), written)
    with pytest.raises(InvalidLog, match="lacks the columns parent, quality"):
        read_route_log(written)


def test_an_empty_file_is_refused(written: Path) -> None:
    pq.write_table(pq.read_table(written).slice(0, 0), written)
    with pytest.raises(InvalidLog, match="no rows"):
        read_route_log(written)
