"""Arms come and go without training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stigmergy.routers.estimators.base import Outcomes
from stigmergy.routers.estimators.centroid import Centroid

World = Callable[..., Any]


def test_an_arm_that_comes_later_is_used_where_it_is_good(world: World) -> None:
    seen, probes, asked = world(200), world(20, seed=5), world(200, seed=1)
    two = Outcomes(
        arms=("left", "chance"), quality=seen.outcomes.quality[:, [0, 2]], cost=seen.outcomes.cost[:, [0, 2]]
    )
    late = Outcomes(arms=("right",), quality=probes.outcomes.quality[:, [1]], cost=probes.outcomes.cost[:, [1]])
    before = Centroid().fit(seen.queries, two)
    after = before.with_arms(probes.queries, late)
    assert after.arms == ("left", "chance", "right")
    np.testing.assert_array_equal(after.predict(asked.queries).quality[:, :2], before.predict(asked.queries).quality)
    taken = after.predict(asked.queries).quality.argmax(axis=1)
    assert (taken[~asked.on_the_left] == 2).mean() > 0.9


def test_without_an_arm_the_others_stay_as_they_were(world: World) -> None:
    seen, asked = world(100), world(10, seed=1)
    whole = Centroid().fit(seen.queries, seen.outcomes)
    less = whole.without_arms(["right"])
    assert less.arms == ("left", "chance")
    np.testing.assert_array_equal(less.predict(asked.queries).quality, whole.predict(asked.queries).quality[:, [0, 2]])


def test_a_slope_of_chance_comes_out_small(world: World) -> None:
    seen = world(400)
    order = np.random.default_rng(0).permutation(400)
    learnt, chance = (
        Centroid().fit(seen.queries.take(rows), seen.outcomes).slopes[0] for rows in (np.arange(400), order)
    )
    assert chance < 0.2 * learnt
    assert learnt == pytest.approx(1.0, abs=0.8)
