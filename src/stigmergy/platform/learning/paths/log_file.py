"""Route logs as Parquet: one row per branch, with the query's text and split beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

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
from stigmergy.platform.learning.evaluation.log_reading import SPLITS
from stigmergy.platform.learning.paths.branches import Branches
from stigmergy.platform.learning.paths.log_making import KINDS
from stigmergy.platform.learning.paths.route_log import LoggedQueries, RouteLog

_OF_QUERY: Final = ("query_id", "query", "task", "split")
_TEXTS: Final = (*_OF_QUERY, "node", "outcome")
_WHOLE: Final = ("parent", "runs", "failed", "answered")
_AMOUNTS: Final = {"cost": "cost_usd", "latency": "latency_s", "tokens": "tokens"}
_JUDGED: Final = ("confidence", "verdict", "quality")
COLUMNS: Final = (*_TEXTS, *_WHOLE, *_AMOUNTS.values(), *_JUDGED)


def write_route_log(log: RouteLog, path: Path) -> None:
    """Write a log; ``parent`` is the row number of the branch above, -1 at START."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    branches, queries = log.branches, log.queries
    of_query = (queries.ids, queries.texts, queries.tasks, tuple(queries.splits))
    columns: dict[str, Any] = {
        name: [values[row] for row in branches.query] for name, values in zip(_OF_QUERY, of_query, strict=True)
    }
    columns["node"] = [log.nodes[node] for node in branches.node]
    columns |= {name: getattr(branches, name) for name in ("outcome", *_WHOLE)}
    columns |= {column: getattr(branches, name) for name, column in _AMOUNTS.items()}
    columns |= {name: pa.array(getattr(branches, name), from_pandas=True) for name in _JUDGED}
    pq.write_table(pa.table(columns), path)


def read_route_log(path: Path) -> RouteLog:
    """Read what ``write_route_log`` wrote, or anything of that form.

    Raises:
        InvalidLog: says which value of which row cannot be used.
    """
    table, name = read_table(path), str(path)
    missing = [column for column in COLUMNS if column not in table.column_names]
    if missing:
        raise InvalidLog(name, f"it lacks the columns {', '.join(missing)}; it has {table.column_names}")
    if not table.num_rows:
        raise InvalidLog(name, "it has no rows")
    texts = {column: text_column(name, table, column) for column in _TEXTS}
    numbers = {column: number_column(name, table, column) for column in (*_WHOLE, *_AMOUNTS.values(), *_JUDGED)}
    for column in _WHOLE:
        values = numbers[column]
        refuse_where(name, column, values, ~np.isfinite(values) | (values % 1 != 0), "it has to be a whole number")
    queries, query_of = _queries(name, texts)
    nodes, node_of = np.unique(texts["node"], return_inverse=True)
    columns: dict[str, NDArray[Any]] = {each: numbers[column] for each, column in _AMOUNTS.items()}
    columns |= {each: numbers[each] for each in (*_WHOLE, *_JUDGED)}
    columns |= {"query": query_of, "node": node_of, "outcome": texts["outcome"]}
    branches = Branches(**{each: values.astype(KINDS.get(each, np.float64)) for each, values in columns.items()})
    return RouteLog(queries, tuple(nodes.tolist()), branches, {name: sha256_of(path)})


def _queries(path: str, texts: dict[str, NDArray[np.object_]]) -> tuple[LoggedQueries, NDArray[np.intp]]:
    splits = texts["split"]
    refuse_where(path, "split", splits, ~np.isin(splits, SPLITS), f"a split is one of {', '.join(SPLITS)}")
    ids, first, query_of = np.unique(texts["query_id"], return_index=True, return_inverse=True)
    for column in _OF_QUERY:
        differs = np.asarray(texts[column] != texts[column][first][query_of], dtype=bool)
        refuse_where(path, column, texts[column], differs, "all rows of a query_id have the same one")
    found = LoggedQueries(
        ids=tuple(ids.tolist()),
        texts=tuple(texts["query"][first]),
        tasks=tuple(texts["task"][first]),
        splits=splits[first],
    )
    return found, query_of
