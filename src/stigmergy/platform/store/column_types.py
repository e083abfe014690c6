"""Column types that give the same values back on every database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

from stigmergy.domain import from_nano, to_nano

_ESCAPED = "\x1b"


def _needs_escape(value: str) -> bool:
    if value.isascii():
        return "\0" in value or value.startswith(_ESCAPED)
    return "\0" in value or value.startswith(_ESCAPED) or any("\ud800" <= char <= "\udfff" for char in value)


class AnyText(TypeDecorator[str]):
    """Text that may hold what databases refuse and programs print: NUL and lone surrogates.

    Such a text is stored as ESC and its ASCII JSON form, every other text as it is. PostgreSQL compares byte by byte
    (collation C) as SQLite does, so that pages break at the same rows everywhere.
    """

    impl = Text().with_variant(Text(collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Escape what cannot be stored as it is."""
        if value is None or not _needs_escape(value):
            return value
        return _ESCAPED + json.dumps(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> str | None:
        """The text as it was given."""
        if value is None or not value.startswith(_ESCAPED):
            return value
        return str(json.loads(value[1:]))


_JSON = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


class JsonText(TypeDecorator[Any]):
    """A JSON value as compact ASCII text: equal values are equal text, and every string survives."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """The value as text."""
        return None if value is None else _JSON.encode(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """The value."""
        return None if value is None else json.loads(value)


class _SqliteTime(sqlite.DATETIME):
    """SQLAlchemy's own form of a time, of naive times in UTC alone: formatted in a sixth of the time."""

    def bind_processor(self, _dialect: Dialect) -> Callable[[datetime | None], str | None]:
        """``2026-01-31 23:59:59.000001``."""
        return lambda value: None if value is None else value.isoformat(" ", "microseconds")


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, stored and returned in UTC."""

    impl = DateTime(timezone=True).with_variant(_SqliteTime(), "sqlite")  # type: ignore[no-untyped-call]
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time in UTC; SQLite keeps no zone.

        Raises:
            ValueError: a naive time, which could be any zone's.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time {value.isoformat()} has no zone; give UTC")
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """The time in UTC; SQLite keeps no zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Nano(TypeDecorator[Decimal]):
    """USD as integer nano-dollars."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        """Nano-dollars."""
        return None if value is None else to_nano(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> Decimal | None:
        """USD."""
        return None if value is None else from_nano(value)
