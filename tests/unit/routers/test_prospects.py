"""What policies see of the success that is expected of their actions."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.routers.prospects import prospects

WORTH = np.array([[0.9, 0.8, 0.1]], dtype=np.float32)


def test_actions_are_told_apart_from_the_best_that_may_be_chosen() -> None:
    assert prospects(WORTH, np.array([[True, True, True]]))[0].tolist() == pytest.approx([0.0, -0.4, -1.0])
    assert prospects(WORTH, np.array([[False, True, True]]))[0].tolist() == pytest.approx([-1.0, 0.0, -1.0])


def test_where_nothing_may_be_chosen_nothing_has_prospects() -> None:
    assert prospects(WORTH, np.zeros((1, 3), dtype=bool))[0].tolist() == [-1.0, -1.0, -1.0]
