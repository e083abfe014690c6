"""Keyset cursors: the (time, id) of the last row shown, opaque to the caller."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

from stigmergy.errors import InvalidQuery


def to_cursor(at: datetime, row_id: str) -> str:
    """The cursor behind the row of this time and id."""
    return urlsafe_b64encode(json.dumps([at.isoformat(), row_id]).encode()).decode()


def from_cursor(cursor: str) -> tuple[datetime, str]:
    """Time and id of the last row shown.

    Raises:
        InvalidQuery: the text was not made by ``to_cursor``.
    """
    try:
        at, row_id = json.loads(urlsafe_b64decode(cursor.encode()))
        shown_last = datetime.fromisoformat(at)
        position = shown_last.astimezone(UTC), str(row_id)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidQuery(f"cursor {cursor!r} was not returned by this listing; leave it out to start anew") from error
    if shown_last.tzinfo is None:
        raise InvalidQuery(f"cursor {cursor!r} has no time zone; leave it out to start anew")
    return position


def check_limit(limit: int) -> None:
    """Refuse pages without rows.

    Raises:
        InvalidQuery: ``limit`` is below one.
    """
    if limit < 1:
        raise InvalidQuery(f"limit = {limit}: a page holds at least one row")
