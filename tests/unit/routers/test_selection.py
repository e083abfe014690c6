"""Scores to probabilities to one choice."""

from __future__ import annotations

import random
from collections import Counter
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.errors import InvalidScores
from stigmergy.routers.base import Scores
from stigmergy.routers.selection import EpsilonGreedy, Greedy, Proportional, Selection, Softmax, choose, select

SIGNED: list[Selection] = [Greedy(), Softmax(0.1), EpsilonGreedy(0.2)]
ALL: list[Selection] = [*SIGNED, Proportional(1.0), Proportional(2.5)]
POSITIVE = st.lists(st.floats(0.0, 1e300), min_size=1, max_size=20)
ANY_SIGN = st.lists(st.floats(-1.7e308, 1.7e308), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(values=POSITIVE)
def test_every_selection_gives_a_distribution(values: list[float]) -> None:
    for selection in ALL:
        found = selection.probabilities(values)
        assert len(found) == len(values)
        assert sum(found) == pytest.approx(1.0)
        assert all(0.0 <= p <= 1.0 for p in found)


@settings(max_examples=60, deadline=None)
@given(values=ANY_SIGN)
def test_a_better_score_is_never_less_likely_whatever_the_sign(values: list[float]) -> None:
    for selection in SIGNED:
        found = selection.probabilities(values)
        best = max(range(len(values)), key=values.__getitem__)
        assert found[best] == max(found)


def test_greedy_takes_the_first_of_equal_scores_with_certainty() -> None:
    assert Greedy().probabilities([1.0, 3.0, 3.0]) == (0.0, 1.0, 0.0)


def test_epsilon_leaves_every_candidate_a_chance() -> None:
    assert EpsilonGreedy(0.3).probabilities([0.0, 5.0, 1.0]) == pytest.approx((0.1, 0.8, 0.1))


def test_proportional_shares_out_by_score_and_evenly_when_all_are_zero() -> None:
    assert Proportional(1.0).probabilities([1.0, 3.0]) == pytest.approx((0.25, 0.75))
    assert Proportional(2.0).probabilities([1.0, 3.0]) == pytest.approx((0.1, 0.9))
    assert Proportional(1.0).probabilities([0.0, 0.0]) == (0.5, 0.5)


def test_a_hot_softmax_is_even_and_a_cold_one_greedy() -> None:
    assert Softmax(1e9).probabilities([0.0, 1.0]) == pytest.approx((0.5, 0.5))
    assert Softmax(1e-6).probabilities([0.0, 1.0]) == pytest.approx((0.0, 1.0))


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (Scores((1.0, nan)), "score 1 is nan"),
        (Scores((inf, 1.0)), "score 0 is inf"),
        (Scores((1.0,)), "1 scores for 2 candidates"),
        (Scores((1.0, 2.0), ({},)), "evidence of 1 for 2 candidates"),
    ],
)
def test_unusable_scores_are_refused_in_the_routers_name(scores: Scores, reason: str) -> None:
    with pytest.raises(InvalidScores, match=reason) as caught:
        select("shaky", scores, 2, Greedy(), random.Random(0))
    assert caught.value.router == "shaky"


def test_no_scores_and_negative_ones_for_ants_are_refused() -> None:
    with pytest.raises(InvalidScores, match="no scores"):
        select("empty", Scores(()), 0, Softmax(1.0), random.Random(0))
    with pytest.raises(InvalidScores, match=r"-1.0 is below 0; use softmax"):
        Proportional(1.0).probabilities([1.0, -1.0])


def test_finite_scores_whose_sum_overflows_are_fine() -> None:
    assert Greedy().probabilities([1.7e308, 1.6e308]) == (1.0, 0.0)


def test_choices_come_as_often_as_their_probability_says() -> None:
    rng = random.Random(5)
    drawn = Counter(choose((0.0, 0.7, 0.3, 0.0), rng) for _ in range(4000))
    assert set(drawn) == {1, 2}
    assert drawn[1] / 4000 == pytest.approx(0.7, abs=0.03)


def test_a_choice_carries_its_own_propensity_and_repeats_with_the_seed() -> None:
    scores = Scores((1.0, 2.0, 3.0))
    first, second = (select("r", scores, 3, Softmax(1.0), random.Random(9)) for _ in range(2))
    assert first == second
    assert first.probability == first.probabilities[first.index]
