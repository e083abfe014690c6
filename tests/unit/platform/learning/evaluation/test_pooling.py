"""Weightings, intervals, splits, and what is pooled from them."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.platform.learning.evaluation.bootstrap import interval, query_weights
from stigmergy.platform.learning.evaluation.pooling import at_best_cost, cost_shares, gaps, per_query
from stigmergy.platform.learning.evaluation.reading import Reading
from stigmergy.platform.learning.evaluation.splitting import make_split, seeded_splits

TEXTS = [f"text number {number % 90}" for number in range(100)]
"""Ten of them stand there twice."""


def reading(weight: float, over_hull: float, at_best: float = 0.5, rows: tuple[int, ...] = (0,)) -> Reading:
    each = np.full(len(rows), at_best)
    return Reading(
        weight=np.array([weight]),
        over_hull=np.array([over_hull]),
        at_best=np.array([at_best]),
        along=np.array([at_best]),
        rows=np.array(rows),
        quality=each,
        cost=each,
        solved=each,
    )


def test_folds_count_by_their_queries_and_seeds_alike() -> None:
    router = [[reading(30, 1.0), reading(10, 3.0)], [reading(40, 0.0)]]
    oracle = [[reading(30, 2.0), reading(10, 4.0)], [reading(40, 5.0)]]
    assert gaps(router, oracle)[:, 0] == pytest.approx([60 / 100, 0.0])


def test_a_gap_without_room_has_no_value() -> None:
    assert np.isnan(gaps([[reading(1, 0.0)]], [[reading(1, 0.0)]])).all()


def test_quality_is_a_mean_over_queries_within_a_seed() -> None:
    router = [[reading(30, 0, 0.5), reading(10, 0, 0.9)], [reading(40, 0, 0.8)]]
    assert at_best_cost(router) == pytest.approx([0.7])


def test_a_query_that_two_seeds_tested_is_expected_to_do_as_their_mean() -> None:
    found = per_query([[reading(1, 0, 0.4, (1,))], [reading(1, 0, 0.8, (1, 2))]], 3)
    assert found.quality[1:] == pytest.approx([0.6, 0.8])
    assert np.isnan(found.quality[0])


def test_shares_are_read_between_the_points_of_a_curve() -> None:
    multiples, along = np.array([0.1, 0.5, 1.0, 2.0]), np.array([0.5, 0.7, 0.8, 0.9])
    assert cost_shares(multiples, along, 0.85) == pytest.approx({"0": 1.5, "1": 1.4, "3": 1.2})
    assert cost_shares(multiples, along, 0.95) == {"0": None, "1": None, "3": None}


def test_weights_begin_with_the_queries_as_they_are_and_always_draw_as_many() -> None:
    weights = query_weights(50, 30, seed=1)
    assert weights.shape == (31, 50)
    assert (weights[0] == 1.0).all()
    assert (weights.sum(axis=1) == 50).all()
    np.testing.assert_array_equal(weights, query_weights(50, 30, seed=1))


def test_an_interval_is_the_middle_of_the_samples_round_the_figure() -> None:
    found = interval(np.concatenate(([0.3], np.linspace(0.0, 1.0, 1001))))
    assert found is not None
    assert (found.mean, found.low, found.high) == pytest.approx((0.3, 0.025, 0.975))
    assert interval(np.array([np.nan, 0.1, 0.2])) is None


def test_every_query_is_tested_once_and_no_text_stands_on_both_sides() -> None:
    tested = []
    for split in seeded_splits(TEXTS, seed=3):
        assert not {TEXTS[row] for row in split.learning} & {TEXTS[row] for row in split.test}
        assert set(split.inner_folds.tolist()) <= set(range(5))
        tested += split.test.tolist()
    assert sorted(tested) == list(range(100))


def test_seeds_and_the_given_split_cut_differently() -> None:
    one, other = (next(iter(seeded_splits(TEXTS, seed))).test.tolist() for seed in (0, 1))
    assert one != other
    given = make_split(TEXTS, np.arange(100) < 60, np.arange(100) >= 80)
    assert (len(given.learning), len(given.inner_folds), len(given.test)) == (60, 60, 20)
