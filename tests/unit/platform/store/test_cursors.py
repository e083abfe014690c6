from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.errors import InvalidQuery
from stigmergy.platform.store.cursors import check_limit, from_cursor, to_cursor


@settings(max_examples=50)
@given(st.datetimes(timezones=st.just(UTC)), st.text(st.characters(exclude_categories=())))
def test_a_cursor_says_where_the_page_ended(at: datetime, row_id: str) -> None:
    assert from_cursor(to_cursor(at, row_id)) == (at, row_id)


@pytest.mark.parametrize("text", ["", "x", "[]", "[1, 2]", '["2026-01-01", "naive"]', '{"a": 1, "b": 2}', "é", '["x"]'])
def test_what_was_not_made_here_is_refused_by_its_text(text: str) -> None:
    for cursor in (text, urlsafe_b64encode(text.encode()).decode()):
        with pytest.raises(InvalidQuery, match="cursor"):
            from_cursor(cursor)


def test_a_page_holds_at_least_one_row() -> None:
    check_limit(1)
    with pytest.raises(InvalidQuery, match="limit = 0"):
        check_limit(0)


@pytest.mark.parametrize("text", ['["0001-01-01T00:00:00+14:00", "x"]', "[" * 50_000])
def test_a_forged_cursor_that_no_calendar_or_stack_can_hold_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery, match="cursor"):
        from_cursor(urlsafe_b64encode(text.encode()).decode())
