from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.routers.retrieval.ranking import fuse, top


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(0, 900),
    k=st.integers(1, 60),
    levels=st.sampled_from((2, 50, 10**6)),
)
def test_the_best_are_those_of_a_whole_sort_and_the_earlier_comes_first(
    seed: int, size: int, k: int, levels: int
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, size).astype(float)
    scores[rng.random(size) < 0.1] = -np.inf
    whole = [place for place in np.lexsort((np.arange(size), -scores)) if np.isfinite(scores[place])]
    assert top(scores, k).tolist() == whole[:k]


def test_fusion_adds_reciprocal_ranks() -> None:
    assert fuse((np.array([7, 3]), np.array([3, 5]))).tolist() == [3, 7, 5]
    # Twice third is more than once first: 2 / 63 > 1 / 61.
    assert fuse((np.array([1, 2, 9]), np.array([4, 5, 9]))).tolist() == [9, 1, 4, 2, 5]


def test_what_two_rankings_hold_equal_comes_in_the_order_of_slots() -> None:
    assert fuse((np.array([9]), np.array([2]))).tolist() == [2, 9]
    assert fuse((np.array([], int), np.array([], int))).tolist() == []
