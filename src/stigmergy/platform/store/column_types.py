"""Column types that give the same values back on every database."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Text
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


class JsonText(TypeDecorator[Any]):
    """A JSON value as compact ASCII text: equal values are equal text, and every string survives."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """The value as text."""
        return None if value is None else json.dumps(value, separators=(",", ":"), sort_keys=True)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """The value."""
        return None if value is None else json.loads(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, stored and returned in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """The time in UTC.

        Raises:
            ValueError: a naive time, which could be any zone's.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time {value.isoformat()} has no zone; give UTC")
        return value.astimezone(UTC)

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
