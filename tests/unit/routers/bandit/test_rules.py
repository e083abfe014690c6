"""Scores by upper confidence and by Thompson sampling, rewards and contexts."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.routers.bandit.beliefs import Estimate
from stigmergy.routers.bandit.context import ContextShape
from stigmergy.routers.bandit.rewards import net_reward
from stigmergy.routers.bandit.rules import ThompsonSampling, UpperConfidence
from stigmergy.routers.query_features import FeatureReader, HashedNgrams

READER = FeatureReader(HashedNgrams())


def estimate(mean: list[float], deviation: list[float]) -> Estimate:
    return Estimate(np.array(mean), np.array(deviation), np.zeros(len(mean)))


def test_upper_confidence_prefers_what_is_uncertain_among_equals() -> None:
    scores = UpperConfidence(0.5).scores(estimate([0.5, 0.5], [0.1, 0.4]), 0)
    assert scores.tolist() == pytest.approx([0.55, 0.7])


def test_thompson_scores_are_chances_that_sum_to_one_and_are_never_zero() -> None:
    scores = ThompsonSampling(0.1).scores(estimate([0.9, 0.1, 0.1], [0.1, 0.1, 0.1]), 7)
    assert scores.sum() == pytest.approx(1.0)
    assert scores.min() > 0.0
    assert scores.argmax() == 0


@pytest.mark.parametrize("salt", [0, 1, 2**32 - 1])
def test_thompson_chances_are_those_of_normal_rewards(salt: int) -> None:
    # Two equal arms, and one that is one deviation of the difference below: Phi(-1) = .159 against one of them.
    equal = ThompsonSampling(1.0, 8000).scores(estimate([0.5, 0.5], [0.3, 0.3]), salt)
    below = ThompsonSampling(1.0, 8000).scores(estimate([0.0, -1.0], [0.5**0.5, 0.5**0.5]), salt)
    assert equal[0] == pytest.approx(0.5, abs=0.03)
    assert below[1] == pytest.approx(0.159, abs=0.03)


def test_more_arms_than_the_pool_of_draws_holds_are_scored_all_the_same() -> None:
    scores = ThompsonSampling(0.3).scores(estimate([0.5] * 1000, [0.3] * 1000), 123)
    assert scores.sum() == pytest.approx(1.0)


def test_a_wrong_answer_earns_no_bonus_for_being_cheap() -> None:
    assert net_reward(0.0, 0.0, 0.5) == 0.0
    assert net_reward(0.4, 0.0, 0.5) == 0.0
    assert net_reward(0.0, 1.0, 0.5) == -0.5
    assert net_reward(1.0, 1.0, 0.5) == 0.5


def test_a_context_holds_a_constant_the_text_the_task_type_and_the_length() -> None:
    shape = ContextShape(text_dims=4, type_dims=3)
    found = shape.read(READER.read("What is 3 and 4?", "math"))
    assert (found.shape, found[0]) == ((shape.dims,), 1.0)
    assert sorted(found[5:8]) == [0.0, 0.0, 1.0]
    assert found[1:5].any()
    assert 0.0 < found[-1] < 1.0


def test_text_and_task_type_can_be_left_out() -> None:
    assert ContextShape(text_dims=0, type_dims=0).read(READER.read("What is 3 and 4?", "math")).shape == (2,)


def test_projections_keep_distances_nearly() -> None:
    near, far = "Write a poem about the sea", "def add(a, b): return a + b"
    one, two, three = (
        ContextShape(text_dims=128, type_dims=0).read(READER.read(text)) for text in (near, near + "!", far)
    )
    assert np.linalg.norm(one - two) < 0.5 * np.linalg.norm(one - three)
