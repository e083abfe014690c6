"""Table questions answered by reading the rows one after another: one table, no groups, no SQL."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from stigmergy.agents.workbench.solving.arithmetic import write_fraction
from stigmergy.agents.workbench.understanding.wording import Problem

_TOTALS: Final[dict[str, Callable[[list[Any]], Any]]] = {"sum": sum, "min": min, "max": max}


def exact_mean(total: float, count: int) -> Fraction:
    """``total / count`` without rounding."""
    return Fraction(str(total)) / count


def _fits(cell: Any, relation: str, value: Any) -> bool:
    if relation == ">":
        return bool(cell > value)
    return str(cell).casefold() == str(value).casefold()


def read_rows(problem: Problem) -> Any:
    """The answer by one pass over the rows of the only table."""
    select = problem["select"]
    if len(problem["tables"]) > 1 or select.get("group"):
        raise ValueError("I read one table, without groups")
    (table,) = problem["tables"]
    if select["column"] not in table["columns"]:
        raise ValueError(f"the table has no column {select['column']!r}")
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    column = select["column"]
    if select["function"] == "top":
        sign = -1 if select["order"] == "desc" else 1
        return min(rows, key=lambda row: (sign * row[column], row[select["label"]]))[select["label"]]
    if select.get("where"):
        name, relation, value = select["where"]
        rows = [row for row in rows if _fits(row[name], relation, value)]
    values = [row[column] for row in rows]
    if select["function"] == "count":
        return len(values)
    if not values:
        raise ValueError("no row fits")
    if select["function"] == "avg":
        return write_fraction(statistics.mean([Fraction(str(value)) for value in values]))
    return _TOTALS[select["function"]](values)
