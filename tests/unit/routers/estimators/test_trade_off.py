"""The sweep over prices of money."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.routers.estimators.base import Predictions
from stigmergy.routers.estimators.trade_off import POLICIES, choices, prices_of_money

COSTS = np.array([0.001, 0.01, 0.0], dtype=np.float32)


def predictions(seed: int, scale: float = 1.0) -> Predictions:
    rng = np.random.default_rng(seed)
    quality, cost = rng.random((2, 30, 3)).astype(np.float32)
    return Predictions(quality, cost * COSTS * np.float32(scale))


def test_the_ends_are_the_best_and_the_cheapest_arm() -> None:
    found = predictions(0)
    taken = choices(found, prices_of_money(COSTS))
    assert taken.shape == (30, POLICIES)
    np.testing.assert_array_equal(taken[:, 0], found.quality.argmax(axis=1))
    assert (taken[:, -1] == 2).mean() > 0.9


def test_where_all_is_free_only_quality_counts() -> None:
    assert not prices_of_money(np.zeros(3, dtype=np.float32)).any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000))
def test_a_higher_price_of_money_never_spends_more(seed: int) -> None:
    found = predictions(seed)
    spent = np.take_along_axis(found.cost, choices(found, prices_of_money(COSTS)).astype(int), axis=1)
    assert (np.diff(spent, axis=1) <= 1e-9).all()


def test_prices_times_a_thousand_change_no_choice() -> None:
    one = choices(predictions(4), prices_of_money(COSTS))
    other = choices(predictions(4, 1024.0), prices_of_money(COSTS * np.float32(1024.0)))
    np.testing.assert_array_equal(one, other)
