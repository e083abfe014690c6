"""The ensemble: as good as its features, and no better than the arms' means where these say nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stigmergy.routers.estimators.catalog import ESTIMATORS
from stigmergy.routers.estimators.means import arm_means
from stigmergy.routers.estimators.per_task import PerTask

if TYPE_CHECKING:
    from tests.unit.routers.estimators.conftest import World


def test_it_tells_apart_what_the_arms_are_good_at(world: Callable[..., World]) -> None:
    made = world(count=300)
    found = ESTIMATORS["ensemble"].make().fit(made.queries, made.outcomes).predict(made.queries)
    assert ((found.quality[:, 0] > found.quality[:, 1]) == made.on_the_left).mean() > 0.95


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_where_outcomes_have_nothing_to_do_with_queries_every_arm_is_worth_about_its_mean(
    world: Callable[..., World], seed: int
) -> None:
    made = world(count=600)
    shuffled = made.outcomes.take(np.random.default_rng(seed).permutation(600))
    found = ESTIMATORS["ensemble"].make().fit(made.queries, shuffled).predict(made.queries)
    spread = (found.quality - arm_means(shuffled.quality)).std()
    assert spread < 0.1 * shuffled.quality.std()


def test_task_means_are_believed_as_far_as_left_out_outcomes_bear_them_out(world: Callable[..., World]) -> None:
    made = world(count=300)
    telling = PerTask((5.0, 1e6)).fit(made.queries, made.outcomes)
    assert telling.predict(made.queries).quality[:, :2].std() > 0.4
    idle = tuple(f"task {n % 30}" for n in range(300))
    silent = PerTask((0.5, 1e6)).fit(replace(made.queries, tasks=idle), made.outcomes)
    assert silent.quality.std(axis=0).max() < 0.01
