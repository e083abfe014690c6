"""Lines through policies, and intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stigmergy.platform.learning.evaluation.bootstrap import query_weights
from stigmergy.platform.learning.evidence.induction import Continuation, cross_fit
from stigmergy.platform.learning.evidence.judging import SHARES, cost_share, interval, read_line


def policies(points: list[tuple[float, float]], queries: int = 4) -> Continuation:
    """Policies with the same cost and quality on every query."""
    cost, quality = np.array(points).T
    return Continuation(np.tile(quality, (queries, 1)), np.tile(cost, (queries, 1)))


def test_between_two_policies_the_line_is_their_random_mixture() -> None:
    offered = policies([(1.0, 0.5), (3.0, 0.9)])
    line = read_line(offered, offered, np.array([1.0, 2.0, 3.0, 9.0]))
    assert line[0].tolist() == pytest.approx([0.5, 0.7, 0.9, 0.9])


def test_below_the_cheapest_policy_there_is_no_line() -> None:
    offered = policies([(1.0, 0.5), (3.0, 0.9)])
    assert np.isnan(read_line(offered, offered, np.array([0.5]))).all()


def test_vertices_are_chosen_on_the_learning_queries_whatever_test_says() -> None:
    learning = policies([(1.0, 0.5), (2.0, 0.4), (3.0, 0.9)])
    test = policies([(1.0, 0.5), (2.0, 1.0), (3.0, 0.6)])
    assert read_line(learning, test, np.array([2.0]))[0, 0] == pytest.approx(0.55)


def test_the_cost_share_is_the_least_that_reaches_the_quality() -> None:
    line = np.stack([np.minimum(SHARES, 1.0), np.full(len(SHARES), 0.2)])
    found = cost_share(line, np.array([0.5, 0.5]))
    assert found[0] == pytest.approx(0.5)
    assert math.isnan(found[1])


def test_an_interval_counts_samples_without_a_value_as_above_every_bound() -> None:
    half = interval(np.array([0.5, *np.full(95, 0.5), *np.full(5, np.nan)]))
    assert half is not None
    assert (half.mean, half.low, half.high) == (0.5, 0.5, math.inf)
    assert interval(np.array([np.nan, 0.5])) is None


def test_a_bootstrap_interval_of_a_mean_has_the_width_that_theory_says() -> None:
    values = np.random.default_rng(1).normal(size=2000).astype(np.float32)
    found = interval(np.asarray(query_weights(2000, 800, seed=3) @ values / 2000, dtype=np.float64))
    assert found is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 / math.sqrt(2000), rel=0.12)


def test_cross_fitted_predictions_have_not_seen_the_query() -> None:
    """A feature that tells queries apart explains its own query perfectly, and no other."""
    rng = np.random.default_rng(0)
    features = np.concatenate((np.ones((40, 1)), np.eye(40)), axis=1)
    targets = rng.normal(size=(40, 1))
    rows = np.ones(40, dtype=bool)
    weights, predicted = cross_fit(features, targets, rows, np.arange(40, dtype=np.int8) % 4, penalty=1e-6)
    assert features @ weights == pytest.approx(targets, abs=1e-3)
    for part in range(4):
        inside = np.arange(40) % 4 == part
        assert predicted[inside] == pytest.approx(np.full((10, 1), predicted[inside].mean()), abs=1e-3)
