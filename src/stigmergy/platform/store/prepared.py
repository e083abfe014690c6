"""Statements of the serving path, worked out once: each run through Core costs several times what the database does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

Statement: TypeAlias = Select[Any] | UpdateBase
Values: TypeAlias = Mapping[str, Any]
_Convert: TypeAlias = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Parameter:
    """``fixed`` is its value where none is given."""

    name: str
    convert: _Convert
    fixed: Any


@dataclass(frozen=True, slots=True)
class _Plan:
    """A statement for one kind of database: its text, what goes in, and the columns that it gives back."""

    text: str
    parameters: tuple[_Parameter, ...]
    positional: bool
    columns: tuple[tuple[str, _Convert], ...]

    def bound(self, values: Values) -> Any:
        found = [_converted(each.convert, values.get(each.name, each.fixed)) for each in self.parameters]
        return found if self.positional else {p.name: value for p, value in zip(self.parameters, found, strict=True)}

    def row(self, found: Sequence[Any]) -> dict[str, Any]:
        return {name: _converted(convert, each) for (name, convert), each in zip(self.columns, found, strict=True)}


class Prepared:
    """One statement, run on the connection of an open transaction. All values go through their column types."""

    def __init__(self, build: Callable[[str], Statement], sets: Collection[str] = ()) -> None:
        """``build`` takes a dialect's name; ``sets`` are the columns that an INSERT or UPDATE fills."""
        self._build = build
        self._sets = list(sets) or None
        self._plans: dict[str, _Plan] = {}

    def run(self, connection: Connection, *rows: Values) -> int:
        """Run it for each of ``rows``; returns how many rows of the table it changed.

        Raises:
            StatementError: as from ``connection.execute``.
        """
        return int(_executed(connection, self._plan(connection.dialect), rows).rowcount)

    def first(self, connection: Connection, values: Values) -> dict[str, Any] | None:
        """Run it; the first row that it gives back, by column.

        Raises:
            StatementError: as from ``connection.execute``.
        """
        plan = self._plan(connection.dialect)
        rows = _executed(connection, plan, [values]).fetchall()
        return plan.row(rows[0]) if rows else None

    def _plan(self, dialect: Dialect) -> _Plan:
        plan = self._plans.get(dialect.name)
        if plan is None:
            plan = self._plans[dialect.name] = _planned(self._build(dialect.name), self._sets, dialect)
        return plan


def _executed(connection: Connection, plan: _Plan, rows: Sequence[Values]) -> Any:
    """The driver's cursor after it has run the statement."""
    cursor = connection.connection.cursor()
    try:
        if len(rows) == 1:
            cursor.execute(plan.text, plan.bound(rows[0]))
        else:
            cursor.executemany(plan.text, [plan.bound(row) for row in rows])
    except Exception as error:
        dialect: Any = connection.dialect
        raise DBAPIError.instance(plan.text, None, error, dialect.dbapi.Error, dialect=dialect) from error
    return cursor


def _planned(statement: Statement, sets: list[str] | None, dialect: Dialect) -> _Plan:
    compiled: Any = statement.compile(dialect=dialect, column_keys=sets)
    names = compiled.positiontup if compiled.positional else dict.fromkeys(compiled.bind_names.values())
    return _Plan(
        text=str(compiled),
        parameters=tuple(_parameter(name, compiled.binds[name], dialect) for name in names),
        positional=compiled.positional,
        columns=tuple((column.name, _from_store(column.type, dialect)) for column in statement.exported_columns),
    )


def _parameter(name: str, bind: Any, dialect: Dialect) -> _Parameter:
    to_store = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return _Parameter(name, to_store, None if bind.required else bind.value)


def _from_store(kind: TypeEngine[Any], dialect: Dialect) -> _Convert:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _converted(convert: _Convert, value: Any) -> Any:
    return value if convert is None else convert(value)
