"""Table questions in SQL, on an SQLite database in memory that lives for one question."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any, Final

from stigmergy.agents.workbench.solving.arithmetic import write_fraction
from stigmergy.agents.workbench.solving.plain_tables import exact_mean
from stigmergy.agents.workbench.understanding.wording import Problem

_FUNCTIONS: Final = {"sum": "SUM({})", "avg": "AVG({})", "min": "MIN({})", "max": "MAX({})", "count": "COUNT(*)"}
_MOST_TABLES: Final = 4


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _load(database: sqlite3.Connection, tables: Sequence[dict[str, Any]]) -> None:
    for index, table in enumerate(tables):
        columns = ", ".join(map(_quoted, table["columns"]))
        marks = ", ".join("?" * len(table["columns"]))
        database.execute(f"CREATE TABLE t{index} ({columns})")
        database.executemany(f"INSERT INTO t{index} VALUES ({marks})", table["rows"])  # noqa: S608 - names are ours


def _source(tables: Sequence[dict[str, Any]]) -> str:
    """``t0 JOIN t1 USING (city)``: tables are joined on the columns that they share."""
    source, known = "t0", set(tables[0]["columns"])
    for index, table in enumerate(tables[1:], start=1):
        shared = sorted(known & set(table["columns"]))
        if not shared:
            raise ValueError("the tables share no column")
        source += f" JOIN t{index} USING ({', '.join(map(_quoted, shared))})"
        known |= set(table["columns"])
    return source


def _query(select: dict[str, Any], source: str) -> tuple[str, list[Any]]:
    column = _quoted(select["column"])
    if select["function"] == "top":
        label = _quoted(select["label"])
        grouping = f" GROUP BY {label}" if select["group"] else ""
        key = _FUNCTIONS[select["group"]].format(column) if select["group"] else column
        direction = "DESC" if select["order"] == "desc" else "ASC"
        return f"SELECT {label} FROM {source}{grouping} ORDER BY {key} {direction}, {label} LIMIT 1", []  # noqa: S608
    where, values = "", []
    if select.get("where"):
        name, relation, value = select["where"]
        sign = ">" if relation == ">" else "="
        where, values = f" WHERE {_quoted(name)} {sign} ? COLLATE NOCASE", [value]
    chosen = "AVG" if select["function"] == "avg" else select["function"]
    wanted = f"SUM({column}), COUNT({column})" if chosen == "AVG" else _FUNCTIONS[chosen].format(column)
    return f"SELECT {wanted} FROM {source}{where}", values  # noqa: S608 - names are quoted, values are bound


def _check_columns(problem: Problem) -> None:
    known = {column for table in problem["tables"] for column in table["columns"]}
    select = problem["select"]
    asked = [select["column"], *([select["label"]] if "label" in select else []), *(select.get("where") or [])[:1]]
    missing = [column for column in asked if column not in known]
    if missing:
        raise ValueError(f"the tables have no column {missing[0]!r}")


def ask(problem: Problem) -> Any:
    """The answer over one table or several joined ones, grouped if asked."""
    _check_columns(problem)
    if len(problem["tables"]) > _MOST_TABLES:
        raise ValueError(f"{len(problem['tables'])} tables are more than {_MOST_TABLES}")
    sql, values = _query(problem["select"], _source(problem["tables"]))
    with closing(sqlite3.connect(":memory:")) as database:
        _load(database, problem["tables"])
        row = database.execute(sql, values).fetchone()
    if row is None or row[0] is None:
        raise ValueError("no row fits")
    return write_fraction(exact_mean(*row)) if len(row) > 1 else row[0]


def ask_one_table(problem: Problem) -> Any:
    """As ``ask``, but over one table and without groups."""
    if len(problem["tables"]) > 1 or problem["select"].get("group"):
        raise ValueError("I ask one table, without groups")
    return ask(problem)
