"""What policies see of the success that is expected of routes."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.platform.learning.contest.expecting import Expected, observed_by_node

HOPS = np.array([[0, 2], [1, 2], [1, -1]])
FOUND = np.array([[0.9, 0.6, 0.2]], dtype=np.float32)


def test_a_node_is_worth_what_the_best_payable_route_through_it_is_expected_to_do() -> None:
    everything, cheap = np.array([[True, True, True]]), np.array([[False, True, True]])
    seen = observed_by_node(Expected({"only": FOUND}), HOPS, [everything, cheap])
    assert seen.shape == (1, 2 * 2 * 3)
    assert seen[0, :3].tolist() == pytest.approx([0.0, -0.3, 0.0])
    assert seen[0, 3:6].tolist() == pytest.approx([-1.0, 0.0, 0.0])


def test_arms_are_seen_relative_to_the_other_arms_of_the_query() -> None:
    seen = Expected({"only": np.array([[0.2, 0.8], [0.5, 0.5]], dtype=np.float32)}).observed()
    assert seen[0, 0] == -seen[0, 1] < 0.0
    assert seen[1].tolist() == [0.0] * 4
