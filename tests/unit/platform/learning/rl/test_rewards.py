"""What a hop is worth."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.platform.learning.boundary import boundary_costs
from stigmergy.platform.learning.rl.arm_source import ArmSource
from stigmergy.platform.learning.rl.rewards import CostScale, RewardTerms

ONE = np.ones((1, 1), dtype=np.float32)
TERMS = RewardTerms(scale=CostScale(np.array([100]), np.array([1100])), cost_weight=0.2)


def worth(charged: int, quality: float, failed: bool = False) -> float:
    reward = TERMS.of(np.array([charged]), np.array([quality], dtype=np.float32), np.array([failed]), ONE)
    return float(reward[0])


@settings(max_examples=50)
@given(charged=st.integers(0, 10_000), quality=st.floats(0, 0.49))
def test_a_wrong_answer_is_never_worth_more_than_nothing(charged: int, quality: float) -> None:
    assert worth(charged, quality) <= 0.0


@settings(max_examples=50)
@given(charged=st.integers(0, 10_000), more=st.integers(1, 10_000))
def test_of_two_right_answers_the_cheaper_is_worth_more(charged: int, more: int) -> None:
    assert worth(charged, 1.0) > worth(charged + more, 1.0)


def test_the_span_between_the_boundaries_is_worth_the_cost_weight() -> None:
    assert abs(worth(0, 1.0) - worth(1000, 1.0) - 0.2) < 1e-6


def test_a_failed_call_that_was_not_charged_still_costs_time() -> None:
    assert worth(0, np.nan, failed=True) < 0.0


def test_boundary_costs_are_those_of_the_cheapest_and_the_dearest_arm(source: ArmSource) -> None:
    rows = np.arange(60)
    scale = boundary_costs(source, rows)
    charged = source.worst.charged[rows].mean(axis=2)
    small, large = source.spec.actions.index("small"), source.spec.actions.index("large")
    weights = source.queries.mixture[rows]
    for costs, arm in ((scale.small, small), (scale.large, large)):
        assert np.allclose(costs, charged[:, arm] @ weights / weights.sum(axis=0), rtol=0.01)
