"""Whose work a judged episode speaks of, and how much it counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import START, Failure, FailureKind, Usage
from stigmergy.routers.base import Outcome, StepOutcome
from stigmergy.routers.credit import FairShares, judged_decisions, weight_of


def step(agent: str, *, judgement: float | None = None, answered: bool = True, chosen: bool = True) -> StepOutcome:
    return StepOutcome(
        source=START,
        node=agent,
        agent=agent,
        usage=Usage(),
        judgement=judgement,
        answered=answered,
        decided_by_router=chosen,
    )


def outcome(
    *steps: StepOutcome, quality: float | None = 1.0, failed: bool = False, probability: float = 1.0
) -> Outcome:
    failure = Failure(node="x", agent="x", kind=FailureKind.TIMEOUT, reason="late")
    return Outcome(
        episode_id="ep",
        graph="g",
        mixture={},
        steps=steps,
        quality=quality,
        cost_usd=0.0,
        infrastructure_failures=(failure,) if failed else (),
        judged_probability=probability,
    )


def told(judged: Outcome) -> list[tuple[str, float]]:
    return [(each.agent, quality) for each, quality in judged_decisions(judged)]


def test_a_step_counts_with_its_own_verdict_else_with_the_quality_of_its_episode() -> None:
    assert told(outcome(step("a", judgement=0.2), step("b"), quality=0.9)) == [("a", 0.2), ("b", 0.9)]


def test_an_episode_that_nobody_judged_tells_nothing() -> None:
    assert told(outcome(step("a", judgement=0.2), quality=None)) == []


def test_forced_hops_and_fan_outs_are_no_decisions_about_an_agent() -> None:
    assert told(outcome(step("a", chosen=False), step(""), step("c"))) == [("c", 1.0)]


def test_where_infrastructure_failed_only_checked_steps_count() -> None:
    assert told(outcome(step("a", judgement=0.4), step("b"), quality=0.0, failed=True)) == [("a", 0.4)]


def test_the_first_that_could_not_do_the_work_is_to_blame() -> None:
    assert told(outcome(step("a"), step("b", answered=False), quality=0.0)) == [("b", 0.0)]


@pytest.mark.parametrize(("probability", "weight"), [(1.0, 1.0), (0.25, 4.0), (0.001, 20.0)])
def test_an_episode_stands_for_as_many_as_its_chance_of_being_judged_says(probability: float, weight: float) -> None:
    assert weight_of(outcome(step("a"), probability=probability)) == pytest.approx(weight)


@given(st.floats(1.0, 20.0), st.integers(1, 50))
@settings(max_examples=30)
def test_equal_weights_count_once_each(weight: float, episodes: int) -> None:
    shares = FairShares()
    assert [shares.next(weight) for _ in range(episodes)] == [1] * episodes


@given(st.lists(st.sampled_from([1.0, 2.0, 10.0]), min_size=200, max_size=400))
@settings(max_examples=30)
def test_shares_never_stray_far_from_the_number_of_episodes(weights: list[float]) -> None:
    shares = FairShares()
    total = sum(shares.next(weight) for weight in [10.0, 1.0, 2.0, *weights])
    assert 0.5 * len(weights) < total < 2.0 * len(weights)
