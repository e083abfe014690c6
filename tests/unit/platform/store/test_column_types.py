from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from stigmergy.platform.store.column_types import AnyText, JsonText, Nano, UtcTime

LITE: Dialect = sqlite.dialect()
POSTGRES: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
ANY_CHARACTER = st.characters(exclude_categories=())


@settings(max_examples=200)
@given(st.text(ANY_CHARACTER) | st.text(ANY_CHARACTER).map(lambda text: "\x1b" + text))
def test_any_text_is_stored_as_plain_utf8_and_comes_back(text: str) -> None:
    stored = AnyText().process_bind_param(text, LITE)
    assert stored is not None
    assert b"\0" not in stored.encode()
    assert AnyText().process_result_value(stored, LITE) == text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_ordinary_text_is_stored_as_it_is(text: str) -> None:
    assert AnyText().process_bind_param(text, LITE) == text


def test_text_is_compared_byte_by_byte_on_postgresql() -> None:
    assert AnyText().compile(POSTGRES) == 'TEXT COLLATE "C"'
    assert AnyText().compile(LITE) == "TEXT"


def test_equal_json_values_are_equal_text() -> None:
    one = JsonText().process_bind_param({"b": 1, "a": ["é"]}, LITE)
    two = JsonText().process_bind_param({"a": ["é"], "b": 1}, LITE)
    assert one == two == '{"a":["\\u00e9"],"b":1}'


@settings(max_examples=50)
@given(st.datetimes(), st.integers(-12, 12))
def test_times_of_every_zone_come_back_as_the_same_instant_in_utc(naive: datetime, hours: int) -> None:
    if not datetime(1, 1, 3) < naive < datetime(9999, 12, 29):  # noqa: DTZ001
        return
    at = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    stored = UtcTime().process_bind_param(at, LITE)
    assert stored is not None
    without_zone = UtcTime().process_result_value(stored.replace(tzinfo=None), LITE)
    assert without_zone == at
    assert without_zone is not None
    assert without_zone.tzinfo is UTC
    assert UtcTime().process_result_value(at, POSTGRES) == at


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        UtcTime().process_bind_param(datetime(2026, 1, 1), LITE)  # noqa: DTZ001


@settings(max_examples=50)
@given(st.integers(-(2**62), 2**62))
def test_money_is_exact_to_the_nano_dollar(nano: int) -> None:
    usd = Nano().process_result_value(nano, LITE)
    assert usd is not None
    assert usd == Decimal(nano) / 10**9
    assert Nano().process_bind_param(usd, LITE) == nano


def test_nothing_stays_nothing() -> None:
    for kind in (AnyText(), JsonText(), UtcTime(), Nano()):
        assert kind.process_bind_param(None, LITE) is None
        assert kind.process_result_value(None, LITE) is None
