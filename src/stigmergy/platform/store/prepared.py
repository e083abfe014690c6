"""Statements of the serving path, worked out once: each run through Core costs several times what the database does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Float, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

Statement: TypeAlias = Select[Any] | UpdateBase
Values: TypeAlias = Mapping[str, Any]
_Convert: TypeAlias = Callable[[Any], Any]


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class _Plan:
    """A statement for one kind of database: its text, what goes in, and the columns that it gives back.

    A parameter has its name, its way into the database, and its value where none is given.
    """

    text: str
    parameters: tuple[tuple[str, _Convert, Any], ...]
    positional: bool
    columns: tuple[tuple[str, _Convert], ...]

    def bound(self, values: Values) -> Any:
        given = values.get
        found = [
            given(name, fixed) if convert is _as_it_is else convert(given(name, fixed))
            for name, convert, fixed in self.parameters
        ]
        return found if self.positional else {p[0]: value for p, value in zip(self.parameters, found, strict=True)}

    def row(self, found: Sequence[Any]) -> dict[str, Any]:
        return {name: convert(each) for (name, convert), each in zip(self.columns, found, strict=True)}


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
        plan = self._plan(connection.dialect)
        return int(executed(connection, plan.text, lambda: [plan.bound(row) for row in rows]).rowcount)

    def first(self, connection: Connection, values: Values) -> dict[str, Any] | None:
        """Run it; the first row that it gives back, by column.

        Raises:
            StatementError: as from ``connection.execute``.
        """
        plan = self._plan(connection.dialect)
        rows = executed(connection, plan.text, lambda: [plan.bound(values)]).fetchall()
        return plan.row(rows[0]) if rows else None

    def _plan(self, dialect: Dialect) -> _Plan:
        plan = self._plans.get(dialect.name)
        if plan is None:
            plan = self._plans[dialect.name] = _planned(self._build(dialect.name), self._sets, dialect)
        return plan


def executed(connection: Connection, text: str, bound: Callable[[], Sequence[Any]] = lambda: [()]) -> Any:
    """Run the text once for each of the ``bound`` values, past Core; returns the driver's cursor.

    Raises:
        StatementError: as from ``connection.execute``, also of values that cannot be bound.
    """
    cursor = connection.connection.cursor()
    try:
        given = bound()
        if len(given) == 1:
            cursor.execute(text, given[0])
        else:
            cursor.executemany(text, given)
    except Exception as error:
        dialect: Any = connection.dialect
        raise DBAPIError.instance(text, None, error, dialect.dbapi.Error, dialect=dialect) from error
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


def _parameter(name: str, bind: Any, dialect: Dialect) -> tuple[str, _Convert, Any]:
    to_store = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return name, to_store or _as_it_is, None if bind.required else bind.value


def _from_store(kind: TypeEngine[Any], dialect: Dialect) -> _Convert:
    if isinstance(kind, Float):
        # PostgreSQL's processor asks which type the column has there; drivers give floats already.
        return _as_it_is
    return kind.dialect_impl(dialect).result_processor(dialect, None) or _as_it_is
