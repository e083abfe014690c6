"""What every estimator of the catalog keeps to, and what those that read the text learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stigmergy.errors import MissingView, UnknownEstimator
from stigmergy.routers.estimators.catalog import ESTIMATORS, entry
from stigmergy.routers.estimators.views import NGRAMS, SENTENCES

World = Callable[..., Any]
PLAIN = sorted(name for name, each in ESTIMATORS.items() if each.view != SENTENCES)
READING = sorted(name for name, each in ESTIMATORS.items() if each.view == NGRAMS)


@pytest.mark.parametrize("name", PLAIN)
def test_predictions_have_a_row_for_each_query_and_no_gaps(name: str, world: World) -> None:
    seen, asked = world(120, known=0.8), world(7, seed=1)
    found = entry(name).make().fit(seen.queries, seen.outcomes).predict(asked.queries)
    for values in (found.quality, found.cost):
        assert values.shape == (7, 3)
        assert np.isfinite(values).all()
    assert (found.cost >= 0.0).all()


@pytest.mark.parametrize("name", PLAIN)
def test_fitting_twice_predicts_the_same(name: str, world: World) -> None:
    seen, asked, estimator = world(60), world(5, seed=1), entry(name).make()
    one, two = (estimator.fit(seen.queries, seen.outcomes).predict(asked.queries) for _ in range(2))
    np.testing.assert_array_equal(one.quality, two.quality)


@pytest.mark.parametrize("name", PLAIN)
def test_one_query_is_enough_to_fit(name: str, world: World) -> None:
    seen, asked = world(1), world(3, seed=1)
    found = entry(name).make().fit(seen.queries, seen.outcomes).predict(asked.queries)
    assert np.isfinite(found.quality).all()


@pytest.mark.parametrize("name", PLAIN)
def test_prices_times_a_thousand_only_scale_the_costs(name: str, world: World) -> None:
    seen, asked = world(120), world(20, seed=1)
    dear = type(seen.outcomes)(
        arms=seen.outcomes.arms, quality=seen.outcomes.quality, cost=seen.outcomes.cost * np.float32(1000)
    )
    one, other = (entry(name).make().fit(seen.queries, each).predict(asked.queries) for each in (seen.outcomes, dear))
    np.testing.assert_allclose(other.cost, one.cost * 1000, rtol=2e-3)


@pytest.mark.parametrize("name", [*READING, "best_per_task"])
def test_who_reads_the_text_or_the_task_finds_the_able_arm(name: str, world: World) -> None:
    seen, asked = world(200), world(200, seed=1)
    found = entry(name).make().fit(seen.queries, seen.outcomes).predict(asked.queries)
    right = np.where(asked.on_the_left, 0, 1)
    assert (found.quality.argmax(axis=1) == right).mean() > 0.97


@pytest.mark.parametrize("name", READING)
def test_features_of_chance_leave_little_but_the_means(name: str, world: World) -> None:
    seen, asked = world(300), world(50, seed=1)
    order = np.random.default_rng(3).permutation(300)
    views = {NGRAMS: seen.queries.view(NGRAMS)[order]}
    shuffled = type(seen.queries)(texts=seen.queries.texts, tasks=("all",) * 300, views=views)
    found = entry(name).make().fit(shuffled, seen.outcomes).predict(asked.queries)
    assert np.abs(found.quality - np.nanmean(seen.outcomes.quality, axis=0)).max() < 0.25


def test_fixed_arms_are_the_cheapest_the_dearest_and_the_best(world: World) -> None:
    seen = world(200)
    taken = {}
    for name in ("cheapest", "dearest", "best_single"):
        found = entry(name).make().fit(seen.queries, seen.outcomes).predict(seen.queries)
        taken[name] = set(found.quality.argmax(axis=1).tolist())
    assert taken == {"cheapest": {0}, "dearest": {2}, "best_single": {int(seen.outcomes.quality.mean(axis=0).argmax())}}


def test_random_takes_every_arm_about_as_often(world: World) -> None:
    seen = world(600)
    found = entry("random").make().fit(seen.queries, seen.outcomes).predict(seen.queries)
    counts = np.bincount(found.quality.argmax(axis=1), minlength=3)
    assert counts.min() > 150


def test_a_task_never_seen_is_worth_the_means(world: World) -> None:
    seen = world(200)
    asked = type(seen.queries)(texts=("new",), tasks=("unheard of",), views={})
    found = entry("best_per_task").make().fit(seen.queries, seen.outcomes).predict(asked)
    np.testing.assert_allclose(found.quality[0], seen.outcomes.quality.mean(axis=0), rtol=1e-5)


def test_a_view_that_was_not_made_is_named(world: World) -> None:
    seen = world(20)
    with pytest.raises(MissingView, match="'sentences'; views made: ngrams"):
        entry("ridge_sentences").make().fit(seen.queries, seen.outcomes)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownEstimator, match="no router 'gpt' can be replayed; known: best_per_task"):
        entry("gpt")
