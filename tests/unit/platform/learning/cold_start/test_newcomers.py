"""What a cold start hides, and which queries tell most."""

from __future__ import annotations

import numpy as np

from stigmergy.platform.learning.cold_start.contestants import ShrunkenMeans
from stigmergy.platform.learning.cold_start.newcomers import draw_new, hide, most_telling
from stigmergy.routers.estimators.base import Outcomes, Queries

QUERIES = Queries(texts=tuple("abcdef"), tasks=("t",) * 6, views={})
OUTCOMES = Outcomes(arms=("x", "y", "z"), quality=np.ones((6, 3), np.float32), cost=np.full((6, 3), 0.5, np.float32))


def test_of_new_arms_nothing_is_seen_but_the_probes() -> None:
    met = hide(QUERIES, OUTCOMES, np.array([1]), np.array([0, 4]))
    assert np.flatnonzero(~np.isnan(met.outcomes.quality[:, 1])).tolist() == [0, 4]
    assert not np.isnan(met.outcomes.quality[:, [0, 2]]).any()
    assert np.isnan(met.outcomes.cost).sum() == 4


def test_training_does_not_hear_of_new_arms() -> None:
    met = hide(QUERIES, OUTCOMES, np.array([1]), np.array([0, 4]))
    assert met.without_new().arms == ("x", "z")
    assert met.without_new().quality.shape == (6, 2)


def test_the_same_seed_draws_the_same_arms() -> None:
    one, other = (draw_new(8, 3, np.random.default_rng(5)).tolist() for _ in range(2))
    assert one == other
    assert len(set(one)) == 3


def test_chosen_probes_differ_from_each_other() -> None:
    features = np.array([[1, 0], [1, 0], [0, 0.9], [0.1, 0]], np.float32)
    assert most_telling(features, 2).tolist() == [0, 2]
    assert sorted(most_telling(features, 9).tolist()) == [0, 1, 2, 3]


def test_a_mean_of_few_outcomes_is_shrunk_more_than_one_of_many() -> None:
    quality = np.zeros((100, 3), np.float32)
    quality[:, 0] = 1.0
    quality[4:, 1] = np.nan
    found = ShrunkenMeans().fit(QUERIES, Outcomes(arms=("x", "y", "z"), quality=quality, cost=quality + 1.0))
    assert found.quality[1] > 0.1 > found.quality[2]
