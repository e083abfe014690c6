"""Neighbours that are looked up are those that are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stigmergy.routers.estimators.base import Queries
from stigmergy.routers.estimators.kin import Kin, KinList
from stigmergy.routers.estimators.nearest import Nearest, find_kin, nearest
from stigmergy.routers.estimators.views import NGRAMS, unit_rows

if TYPE_CHECKING:
    from tests.unit.routers.estimators.conftest import World


def _unit_vectors(count: int, seed: int = 0) -> np.ndarray:
    return unit_rows(np.random.default_rng(seed).standard_normal((count, 12)).astype(np.float32))


@pytest.mark.parametrize(("seen", "count"), [(40, 5), (40, 40), (40, 90), (1000, 7), (1003, 30), (17, 1)])
def test_the_most_similar_are_exact_whatever_the_number(seen: int, count: int) -> None:
    asked, known = _unit_vectors(150, seed=1), _unit_vectors(seen)
    near, likeness = nearest(asked, known, count)
    cosines = asked @ known.T
    expected = np.maximum(-np.sort(-cosines, axis=1)[:, :count], 0.0)
    np.testing.assert_allclose(likeness, expected, atol=1e-6)
    np.testing.assert_allclose(likeness, np.maximum(np.take_along_axis(cosines, near, axis=1), 0.0), atol=1e-6)


def _with_kin(queries: Queries, length: int | None = None) -> Queries:
    kin = find_kin(queries.views, (NGRAMS,), 0.6)
    if length is not None:
        listed = kin.lists[NGRAMS]
        kin = Kin({NGRAMS: KinList(listed.near[:, :length], listed.likeness[:, :length])}, kin.rows)
    return replace(queries, kin=kin)


@pytest.mark.parametrize("length", [None, 100, 1])
def test_lists_of_kin_change_no_prediction_even_where_they_are_too_short(
    world: Callable[..., World], length: int | None
) -> None:
    made = world(count=700)
    known, asked = np.arange(700) % 3 > 0, np.arange(700) % 3 == 0
    predicted = []
    for queries in (made.queries, _with_kin(made.queries, length)):
        fitted = Nearest().fit(queries.take(known), made.outcomes.take(known))
        predicted.append(fitted.predict(queries.take(asked)))
    np.testing.assert_allclose(predicted[0].quality, predicted[1].quality, atol=1e-5)
    np.testing.assert_allclose(predicted[0].cost, predicted[1].cost, atol=1e-7)
