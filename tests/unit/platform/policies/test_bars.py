from __future__ import annotations

import numpy as np
import pytest

from stigmergy.platform.policies.bars import ERROR, Tally, broken_bar


def test_a_charge_above_a_budget_breaks_at_once() -> None:
    assert broken_bar(Tally(), Tally(), violations=2) == "2 of its episodes were charged more than their budget"


@pytest.mark.parametrize("canary", [Tally(), Tally(3, 0.0), Tally(300, 240.0)])
def test_few_or_good_episodes_break_nothing(canary: Tally) -> None:
    assert broken_bar(canary, Tally(300, 240.0), 0) is None
    assert broken_bar(canary, Tally(), 0) is None


def test_much_worse_quality_breaks_and_the_reason_has_the_figures() -> None:
    reason = broken_bar(Tally(100, 10.0), Tally(900, 720.0), 0)
    assert reason is not None
    assert reason.startswith("quality 0.100 (at most 0.278) in 100 episodes, where who decides has 0.800")


def test_a_canary_as_good_as_who_decides_is_rarely_taken_back_however_often_one_looks() -> None:
    rng = np.random.default_rng(3)
    broken = 0
    for _ in range(60):
        mine, theirs = (np.cumsum(rng.random(400) < 0.7) for _ in range(2))
        looks = [Tally(n, float(mine[n - 1])) for n in range(5, 401, 5)]
        against = [Tally(n, float(theirs[n - 1])) for n in range(5, 401, 5)]
        broken += any(broken_bar(*pair, 0) is not None for pair in zip(looks, against, strict=True))
    assert broken <= ERROR * 60
