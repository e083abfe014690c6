from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import (
    NO_USAGE,
    NOTHING,
    AgentProfile,
    Budget,
    FailureKind,
    Price,
    Spend,
    Status,
    TokenCaps,
    Usage,
    from_nano,
    to_nano,
)
from stigmergy.errors import InvalidBudget

SPENDS = st.builds(Spend, st.integers(0, 10**12).map(from_nano), st.integers(0, 9), st.integers(0, 9))


@given(st.integers(-(10**18), 10**18))
@settings(max_examples=60, deadline=None)
def test_money_is_stored_exactly_to_the_nano_dollar(nano: int) -> None:
    assert to_nano(from_nano(nano)) == nano


def test_finer_money_is_rounded_half_to_even() -> None:
    assert [to_nano(Decimal(usd)) for usd in ("0.0000000005", "0.0000000015", "0.00000000051")] == [0, 2, 1]


@given(SPENDS, SPENDS, SPENDS)
@settings(max_examples=60, deadline=None)
def test_spends_add_and_subtract_exactly(a: Spend, b: Spend, c: Spend) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + b - b == a
    assert a + NOTHING == a
    assert a.at_most(a + b)
    assert a.at_most(b) == (a + c).at_most(b + c)


def test_less_of_one_resource_and_more_of_another_is_not_at_most() -> None:
    assert not Spend(Decimal(1), 2).at_most(Spend(Decimal(2), 1))


@given(SPENDS, st.builds(Budget, st.none() | st.integers(0, 999).map(Decimal), st.none() | st.integers(0, 9)))
@settings(max_examples=60, deadline=None)
def test_what_a_budget_allows_has_no_excess(spend: Spend, budget: Budget) -> None:
    assert budget.allows(spend) == (budget.excess(spend) is None)


def test_the_excess_names_resource_limit_and_what_was_asked() -> None:
    budget = Budget(Decimal("0.5"), 100, 2)
    assert budget.excess(Spend(Decimal("0.75"), 200, 3)) == ("usd", "0.5", "0.75")
    assert budget.excess(Spend(Decimal("0.25"), 200, 3)) == ("tokens", "100", "200")
    assert budget.excess(Spend(Decimal("0.25"), 100, 3)) == ("calls", "2", "3")
    assert Budget(deadline=datetime(2026, 1, 1, tzinfo=UTC)).allows(Spend(Decimal(10**9), 10**9, 10**9))


@pytest.mark.parametrize(
    ("limits", "resource"),
    [
        ({"max_usd": Decimal(-1)}, "max_usd"),
        ({"max_usd": Decimal("NaN")}, "max_usd"),
        ({"max_usd": Decimal("Infinity")}, "max_usd"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_calls": -1}, "max_calls"),
    ],
)
def test_a_limit_below_zero_or_without_end_is_refused(limits: dict[str, Decimal], resource: str) -> None:
    with pytest.raises(InvalidBudget, match=resource):
        Budget(**limits)  # type: ignore[arg-type]


def test_a_price_counts_calls_and_tokens_of_both_directions() -> None:
    price = Price(Decimal("0.01"), Decimal(3), Decimal(15))
    assert price.of(1_000, 100) == Decimal("0.0145")
    assert price.of(1_000, 100, calls=3) == Decimal("0.0345")
    assert Price().of(10**9, 10**9) == 0


def test_cached_input_has_a_price_of_its_own_where_one_is_stated() -> None:
    price = Price(Decimal("0.01"), Decimal(3), Decimal(15), Decimal("0.3"))
    assert price.of(1_000, 100, cached_tokens=400) == Decimal("0.01342")
    assert price.of(1_000, 100) == Decimal("0.0145")
    assert Price(per_million_input=Decimal(3), per_million_cached_input=Decimal(0)).of(10, 0, cached_tokens=10) == 0


def test_cached_input_costs_what_other_input_costs_where_no_price_is_stated() -> None:
    price = Price(Decimal("0.01"), Decimal(3), Decimal(15))
    assert price.of(1_000, 100, cached_tokens=1_000) == price.of(1_000, 100)


MONEY = st.decimals(0, 1000, places=6)


@given(MONEY, MONEY, st.none() | st.decimals(0, 1, places=6), st.integers(0, 10**7), st.integers(0, 10**6), st.data())
@settings(max_examples=100, deadline=None)
def test_what_is_cached_makes_no_call_dearer_than_was_reserved_for_its_tokens(
    dear: Decimal, written: Decimal, share: Decimal | None, read: int, wrote: int, data: st.DataObject
) -> None:
    cheap = None if share is None else dear * share
    price = Price(Decimal("0.001"), dear, written, cheap)
    profile = AgentProfile(id="a", price=price, caps=TokenCaps(read, wrote))
    cached = data.draw(st.integers(0, read))
    usd = price.of(read, wrote, cached_tokens=cached)
    assert 0 < usd <= price.of(read, wrote) == profile.worst_case().usd
    assert Usage(read, wrote, usd=usd, cached_tokens=cached).spend().at_most(profile.worst_case())
    parts = (read - cached) * dear + cached * (dear if cheap is None else cheap) + wrote * written
    assert usd == (price.per_call + parts / 10**6).quantize(Decimal("1e-9"))


@given(st.integers(0, 8), st.integers(0, 8), st.integers(1, 3), st.data())
@settings(max_examples=60, deadline=None)
def test_no_usage_within_the_caps_is_worse_than_the_worst_case(
    most_in: int, most_out: int, calls: int, data: st.DataObject
) -> None:
    price = Price(Decimal("0.001"), Decimal(7), Decimal(11))
    profile = AgentProfile(id="a", price=price, caps=TokenCaps(most_in, most_out, calls))
    made = data.draw(st.integers(0, calls))
    tokens_in = data.draw(st.integers(0, made * most_in))
    tokens_out = data.draw(st.integers(0, made * most_out))
    used = Usage(tokens_in, tokens_out, made, price.of(tokens_in, tokens_out, made))
    assert used.spend().at_most(profile.worst_case())


def test_usages_add_up() -> None:
    one = Usage(1, 2, 1, Decimal("0.5"), 0.25)
    assert one + one == Usage(2, 4, 2, Decimal(1), 0.5)
    assert one + NO_USAGE == one
    assert one.spend() == Spend(Decimal("0.5"), 3, 1)
    again = Usage(5, 0, cached_tokens=4)
    assert (again + again + one).cached_tokens == 8


def test_six_statuses_are_ends_and_one_kind_of_failure_is_hard() -> None:
    assert {status.value for status in Status if not status.ended} == {"pending", "running", "needs_approval"}
    assert len([status for status in Status if status.ended]) == 6
    assert [kind for kind in FailureKind if kind.hard] == [FailureKind.UNAVAILABLE]
