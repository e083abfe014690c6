"""The replay environment: exact budgets, failures that cost, chance that is drawn beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.platform.learning.boundary import AlwaysSmall, FirstLarge, boundary_returns
from stigmergy.platform.learning.rl.arm_source import ArmSource
from stigmergy.platform.learning.rl.draws import Draws, Weather, budgets_at, draw_on
from stigmergy.platform.learning.rl.play import Played, play
from stigmergy.platform.learning.rl.replay_env import ReplayEnv, Stepped
from stigmergy.platform.learning.rl.rewards import CostScale, RewardTerms
from stigmergy.routers.observation import Floats, Money, Places, Situations

SIZE = 32
ROWS = np.arange(60)
FACTOR = 1000
CALM = Weather()


class AtRandom:
    """Any feasible action."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def choose(self, seen: Situations, _: Floats, /) -> Places:
        chances = np.where(seen.feasible, self._rng.random(seen.feasible.shape), -1.0)
        return np.asarray(chances.argmax(axis=1), dtype=np.int64)


def env_of(source: ArmSource, terms: RewardTerms, weather: Weather = CALM, seed: int = 3) -> ReplayEnv:
    return ReplayEnv(source, terms, ROWS, weather, size=SIZE, seed=seed)


def dearer(source: ArmSource, terms: RewardTerms) -> tuple[ArmSource, RewardTerms]:
    """Everything times 1000."""
    worst = replace(source.worst, worst_case=source.worst.worst_case * FACTOR, charged=source.worst.charged * FACTOR)
    spec = replace(source.spec, low=source.spec.low * FACTOR, high=source.spec.high * FACTOR)
    scale = CostScale(terms.scale.small * FACTOR, terms.scale.large * FACTOR)
    return replace(source, worst=worst, spec=spec), replace(terms, scale=scale)


def stream(env: ReplayEnv, steps: int = 12) -> list[Stepped]:
    policy, observation, told = AtRandom(1), env.reset(), []
    for _ in range(steps):
        stepped = env.step(policy.choose(env.seen, observation))
        env.renew(np.flatnonzero(stepped.terminated))
        told.append(stepped)
    return told


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), failures=st.floats(0, 1), outages=st.floats(0, 1), level=st.floats(0, 1))
def test_no_budget_is_ever_exceeded(
    source: ArmSource, terms: RewardTerms, seed: int, failures: float, outages: float, level: float
) -> None:
    weather = Weather(levels=(level,), failure_rate=failures, outage_rate=outages)
    env = env_of(source, terms, weather, seed)
    draws = env.draws.take(np.arange(SIZE))
    played = play(env, AtRandom(seed), draws)
    assert not played.over_budget.any()
    assert (played.charged <= draws.budget).all()
    assert (played.hops >= 1).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), failures=st.floats(0, 0.8))
def test_prices_and_budgets_times_a_thousand_change_no_observation_and_no_reward(
    source: ArmSource, terms: RewardTerms, seed: int, failures: float
) -> None:
    weather = Weather(failure_rate=failures)
    plain, dear = env_of(source, terms, weather, seed), env_of(*dearer(source, terms), weather, seed)
    draws = plain.draws.take(np.arange(SIZE))
    scaled = replace(draws, budget=draws.budget * FACTOR)
    one, other = plain.begin(draws), dear.begin(scaled)
    for policy in (AlwaysSmall(), FirstLarge()):
        first, second = play(plain, policy, draws), play(dear, policy, scaled)
        assert np.array_equal(first.returns, second.returns)
        assert np.array_equal(first.quality, second.quality)
        assert np.array_equal(first.charged * FACTOR, second.charged)
    assert np.array_equal(one, other)


def test_a_failed_call_is_charged_marked_and_never_worth_zero(source: ArmSource, terms: RewardTerms) -> None:
    env = env_of(source, terms, Weather(levels=(1.0,), failure_rate=1.0))
    stepped = env.step(AlwaysSmall().choose(env.seen, env.reset()))
    assert stepped.failed.all()
    assert (stepped.charged > 0).all()
    assert (stepped.reward < 0.0).all()
    assert np.isnan(stepped.quality[~stepped.terminated]).all()


def test_after_a_failure_the_policy_chooses_again_among_the_others(source: ArmSource, terms: RewardTerms) -> None:
    env = env_of(source, terms, Weather(levels=(1.0,), failure_rate=1.0))
    env.reset()
    small = source.spec.actions.index("small")
    stepped = env.step(np.full(SIZE, small))
    assert not stepped.terminated.any()
    assert not env.seen.feasible[:, small].any()
    assert env.seen.feasible[:, source.spec.actions.index("middle")].all()


def test_an_action_that_the_mask_forbids_costs_nothing_and_ends_the_episode(
    source: ArmSource, terms: RewardTerms
) -> None:
    env = env_of(source, terms, Weather(levels=(0.0,)))
    env.reset()
    stepped = env.step(np.full(SIZE, source.spec.actions.index("large")))
    assert stepped.refused.all()
    assert stepped.terminated.all()
    assert (stepped.charged == 0).all()
    assert (stepped.reward == -1.0).all()


def test_the_same_seed_gives_the_same_stream(source: ArmSource, terms: RewardTerms) -> None:
    weather = Weather(failure_rate=0.3, outage_rate=0.1, latency_sigma=0.5, timeout_s=1.0)
    first, second = (stream(env_of(source, terms, weather, seed=11)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.observation, other.observation)
        assert np.array_equal(one.reward, other.reward)
        assert np.array_equal(one.latency_s, other.latency_s)


def test_two_policies_meet_the_same_outcomes_on_the_same_draws(source: ArmSource, terms: RewardTerms) -> None:
    env = env_of(source, terms, Weather(levels=(0.0,), failure_rate=0.2))
    draws = env.draws.take(np.arange(SIZE))
    small, first_large = boundary_returns(env, draws)
    # Under the smallest budget only the cheapest arm can be paid, so both are the same policy.
    assert np.array_equal(small.returns, first_large.returns)


def test_renewing_episodes_leaves_the_callers_draws_alone(source: ArmSource, terms: RewardTerms) -> None:
    env = env_of(source, terms)
    draws = env.draws.take(np.arange(SIZE))
    before = draws.query.copy()
    env.begin(draws)
    env.renew(np.arange(SIZE))
    assert np.array_equal(draws.query, before)


def test_calls_that_take_too_long_have_failed(source: ArmSource, terms: RewardTerms) -> None:
    env = env_of(source, terms, Weather(levels=(1.0,), timeout_s=0.0))
    assert env.step(AlwaysSmall().choose(env.seen, env.reset())).failed.all()


def test_the_smallest_budget_pays_the_cheapest_arm_and_the_largest_any(source: ArmSource) -> None:
    low, high = budgets_at(source, ROWS, 0.0), budgets_at(source, ROWS, 1.0)
    worst = source.worst.worst_case
    assert np.array_equal(low, worst.min(axis=1))
    assert np.array_equal(high, worst.max(axis=1))


def test_an_outage_never_takes_the_last_arm_that_can_be_paid(source: ArmSource) -> None:
    budget: Money = budgets_at(source, ROWS, 0.0)
    draws: Draws = draw_on(source, ROWS, budget, Weather(outage_rate=1.0), np.random.default_rng(0))
    assert not draws.down.all(axis=1).any()


def test_with_room_for_anything_first_large_is_dearer_and_better(source: ArmSource, terms: RewardTerms) -> None:
    env = ReplayEnv(source, terms, ROWS, Weather(levels=(1.0,)), size=500, seed=1)
    small: Played
    small, large = boundary_returns(env, env.draws.take(np.arange(500)))
    assert small.quality.mean() < 0.5 < large.quality.mean()
    assert small.charged.mean() * 10 < large.charged.mean()
