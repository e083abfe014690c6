from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.platform.policies.traffic import is_canarys

NAMES = st.text(min_size=1, max_size=20)
SHARES = st.floats(0.0, 1.0)


@given(NAMES, NAMES, SHARES)
@settings(max_examples=200)
def test_the_same_task_falls_to_the_same_side_every_time(task: str, canary: str, share: float) -> None:
    assert is_canarys(task, canary, share) == is_canarys(task, canary, share)


@given(NAMES, NAMES, SHARES, SHARES)
@settings(max_examples=200)
def test_a_larger_share_keeps_the_tasks_of_a_smaller_one(task: str, canary: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert is_canarys(task, canary, large) or not is_canarys(task, canary, small)


@given(NAMES, NAMES)
def test_all_or_nothing_is_all_or_nothing(task: str, canary: str) -> None:
    assert is_canarys(task, canary, 1.0)
    assert not is_canarys(task, canary, 0.0)


@given(st.sampled_from([0.05, 0.1, 0.5, 0.9]), NAMES)
@settings(max_examples=20)
def test_the_share_of_many_tasks_is_the_share_that_was_asked_for(share: float, canary: str) -> None:
    found = sum(is_canarys(f"task_{number}", canary, share) for number in range(4000)) / 4000
    assert abs(found - share) < 0.05
