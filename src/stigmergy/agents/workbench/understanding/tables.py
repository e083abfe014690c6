"""Readers of table questions: a query becomes tables and a selection over them."""

from __future__ import annotations

import csv
import re
from typing import Any, Final

from stigmergy.agents.workbench.understanding.wording import Problem, number_words, without_filler

_BLOCK: Final = re.compile(r"```(?:csv)?\n(.{1,8000}?)\n```", re.DOTALL)
_FUNCTIONS: Final = {
    "total": "sum", "sum": "sum", "combined amount": "sum", "average": "avg", "mean": "avg", "average value": "avg",
    "maximum": "max", "highest value": "max", "largest value": "max", "minimum": "min", "lowest value": "min",
    "smallest value": "min",
}  # fmt: skip
_F: Final = "|".join(sorted(_FUNCTIONS, key=len, reverse=True))
_C: Final = r"[a-z_]{1,30}"
_PLAIN: Final = (
    re.compile(
        rf"what is the (?P<f>total|average|maximum|minimum) of (?P<c>{_C})(?: where (?P<w>{_C}) is (?P<v>\w+))?\?"
    ),
    re.compile(rf"(?P<n>how many) rows have (?P<c>{_C}) > (?P<v>\d+)\?"),
    re.compile(rf"which (?P<l>{_C}) has the (?P<top>highest|lowest) (?P<c>{_C})\?"),
)
_FREE: Final = (
    re.compile(rf"what is the (?P<f>{_F}) of (?P<c>{_C})(?: where (?P<w>{_C}) is (?P<v>\w+)| for (?P<any>\w+))?\?"),
    re.compile(rf"(?P<n>how many) rows have (?:a )?(?P<c>{_C}) (?:>|above|greater than|over) (?P<v>\d+)\?"),
    re.compile(rf"in (?P<n>how many) rows is (?P<c>{_C}) (?:greater than|above|over) (?P<v>\d+)\?"),
    re.compile(rf"which (?P<l>{_C}) has the (?P<top>highest|largest|lowest|smallest) (?P<g>{_F}) of (?P<c>{_C})\?"),
    re.compile(
        rf"for which (?P<l>{_C}) is the (?P<g>{_F}) of (?P<c>{_C}) the (?P<top>highest|largest|lowest|smallest)\?"
    ),
    re.compile(rf"which (?P<l>{_C}) has the (?P<top>highest|largest|lowest|smallest) (?P<c>{_C})\?"),
)


def _typed(cell: str) -> int | float | str:
    if re.fullmatch(r"-?\d{1,15}", cell):
        return int(cell)
    return float(cell) if re.fullmatch(r"-?\d{1,15}\.\d{1,9}", cell) else cell


def _tables(text: str) -> list[dict[str, Any]]:
    tables = []
    for block in _BLOCK.findall(text):
        rows = list(csv.reader(block.splitlines()))
        width = len(rows[0])
        body = [[_typed(cell.strip()) for cell in row] for row in rows[1:] if len(row) == width]
        tables.append({"columns": [cell.strip().lower() for cell in rows[0]], "rows": body})
    return tables


def _column_holding(tables: list[dict[str, Any]], value: str) -> str | None:
    for table in tables:
        for row in table["rows"]:
            for column, cell in zip(table["columns"], row, strict=True):
                if isinstance(cell, str) and cell.lower() == value:
                    return str(column)
    return None


def _select(match: re.Match[str], tables: list[dict[str, Any]]) -> Problem | None:
    found = match.groupdict()
    if found.get("n"):
        return {"function": "count", "column": found["c"], "where": [found["c"], ">", int(found["v"])]}
    if found.get("l"):
        order = "desc" if found["top"] in ("highest", "largest") else "asc"
        group = _FUNCTIONS[found["g"]] if found.get("g") else None
        return {"function": "top", "label": found["l"], "column": found["c"], "order": order, "group": group}
    where: list[Any] | None = [found["w"], "=", found["v"]] if found.get("w") else None
    if found.get("any"):
        column = _column_holding(tables, found["any"])
        if column is None:
            return None
        where = [column, "=", found["any"]]
    return {"function": _FUNCTIONS[found["f"]], "column": found["c"], "where": where}


def _read(text: str, question: str, patterns: tuple[re.Pattern[str], ...]) -> Problem | None:
    tables = _tables(text)
    for pattern in patterns if tables else ():
        match = pattern.fullmatch(question)
        select = match and _select(match, tables)
        if select:
            return {"family": "tables", "tables": tables, "select": select, "form": {}}
    return None


def _question(text: str) -> str:
    return text.partition("```")[0].strip()


def canonical(text: str) -> Problem | None:
    """The plain questions, to the letter, with columns named as in the table."""
    return _read(text, _question(text).lower(), _PLAIN)


def free(text: str) -> Problem | None:
    """Synonyms, values without their column, groups, number words; any introduction."""
    return _read(text, number_words(without_filler(_question(text)).lower()), _FREE)
