"""Hulls and curves with answers known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.platform.learning.evaluation.curve import budget_grid, lay_curve
from stigmergy.platform.learning.evaluation.hull import NO_POINT, Floats, hull_vertices


def row(*values: float) -> Floats:
    return np.array([values], dtype=np.float64)


def test_the_hull_runs_from_the_cheapest_to_the_best_and_skips_what_lies_below() -> None:
    cost, quality = row(1, 2, 3, 4, 5), row(0.2, 0.3, 0.6, 0.7, 0.65)
    assert hull_vertices(cost, quality).tolist() == [[0, 2, 3]]


def test_of_points_of_one_cost_the_best_begins_the_hull() -> None:
    assert hull_vertices(row(1, 1, 2), row(0.1, 0.4, 0.3)).tolist() == [[1]]


def test_sets_of_points_do_not_touch_each_other() -> None:
    cost = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    quality = np.array([[0.1, 0.5, 0.6], [0.9, 0.5, 0.6]])
    assert hull_vertices(cost, quality).tolist() == [[0, 1, 2], [0, NO_POINT, NO_POINT]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 20)), min_size=1, max_size=12))
def test_no_point_lies_above_its_hull_and_slopes_fall(points: list[tuple[int, int]]) -> None:
    cost, quality = (row(*values) for values in zip(*points, strict=True))
    vertices = hull_vertices(cost, quality)[0]
    x, y = cost[0, vertices], quality[0, vertices]
    slopes = np.diff(y) / np.diff(x)
    assert (slopes > 0).all()
    assert (np.diff(slopes) < 1e-9).all()
    assert (quality[0] <= np.interp(cost[0], x, y) + 1e-9).all()


def test_a_curve_is_read_between_its_points_and_flat_after_the_last() -> None:
    curve = lay_curve(np.array([[0, 1]]), row(2, 4), np.array([1.0]))
    values = row(0.5, 0.9, 0.1)
    assert curve.read(row(1, 1.5, 2, 3, 4, 9), values)[0] == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9, 0.9])


def test_a_vertex_that_disappoints_on_test_pulls_the_curve_down() -> None:
    curve = lay_curve(np.array([[0, 1, 2]]), row(1, 2, 3), np.array([1.0]))
    assert curve.read(row(1, 2, 3), row(0.5, 0.2, 0.6, 0.5))[0] == pytest.approx([0.5, 0.2, 0.6])


def test_vertices_whose_test_costs_change_places_are_laid_by_cost() -> None:
    curve = lay_curve(np.array([[0, 1]]), row(4, 2), np.array([1.0]))
    assert curve.read(row(2, 3, 4), row(0.9, 0.5, 0.1))[0] == pytest.approx([0.5, 0.7, 0.9])


def test_an_anchor_that_is_not_cheaper_is_not_used() -> None:
    curve = lay_curve(np.array([[0, 1]]), row(1, 2), np.array([1.5]))
    assert curve.read(row(1, 1.5, 2), row(0.5, 0.9, 0.0))[0] == pytest.approx([0.5, 0.7, 0.9])


def test_budgets_are_log_spaced_between_their_ends() -> None:
    grid = budget_grid(np.array([0.01, 0.0]), np.array([1.0, 2.0]))
    assert grid.shape == (2, 40)
    assert grid[:, 0] == pytest.approx([0.01, 0.002])
    assert grid[:, -1] == pytest.approx([1.0, 2.0])
    assert np.ptp(np.diff(np.log(grid[0]))) < 1e-9
