"""Hindsight budgets: what is kept fits beforehand, whatever calls turned out to cost."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.platform.learning.rl.relabelling import relabel, with_hindsight
from stigmergy.platform.learning.rl.rewards import CostScale, RewardTerms
from stigmergy.platform.learning.rl.steps import Outcome, Steps, failed
from stigmergy.platform.learning.rl.transitions import make_transitions
from stigmergy.routers.observation import NO_LIMIT, ObservationSpec, Situations

ACTIONS = 3
SPEC = ObservationSpec(
    graph="g", features="f", feature_size=2, tasks=("t",), actions=("a", "b", "c"), low=10, high=300, most_hops=4
)
ONE = np.ones(1, dtype=np.int64)
TERMS = RewardTerms(scale=CostScale(10 * ONE, 300 * ONE))


def episodes(seed: int, count: int = 6) -> Steps:
    """Unlimited episodes of one to four hops, with worst cases up to 100 and charges up to those."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 5, count)
    n, last = int(lengths.sum()), np.cumsum(lengths) - 1
    worst = rng.integers(1, 100, (n, ACTIONS))
    action = rng.integers(0, ACTIONS, n)
    charged = (worst[np.arange(n), action] * rng.random(n)).astype(np.int64)
    ends = np.isin(np.arange(n), last)
    which = np.repeat(np.arange(count), lengths)
    before = np.array([charged[:row][which[:row] == which[row]].sum() for row in range(n)], dtype=np.int64)
    outcome = np.where(rng.random(n) < 0.3, Outcome.FAILED.value, Outcome.ANSWERED.value).astype(object)
    return Steps(
        seen=Situations(
            features=np.zeros((n, 2), dtype=np.float32),
            mixture=np.ones((n, 1), dtype=np.float32),
            position=np.zeros(n, dtype=np.int64),
            feasible=np.ones((n, ACTIONS), dtype=bool),
            healthy=np.ones((n, ACTIONS), dtype=bool),
            worst_case=worst,
            cost_to_go=rng.integers(0, 50, (n, ACTIONS)),
            spent=before,
            budget=np.full(n, NO_LIMIT, dtype=np.int64),
            committed=np.zeros(n, dtype=np.int64),
        ),
        action=action,
        probabilities=np.full((n, ACTIONS), 1 / ACTIONS, dtype=np.float32),
        charged=charged,
        quality=np.where(ends, 1.0, np.nan).astype(np.float32),
        terminated=ends,
        truncated=np.zeros(n, dtype=bool),
        episode=np.array([f"e{e}" for e in which], dtype=object),
        cluster=np.array([f"q{e}" for e in which], dtype=object),
        split=np.full(n, "train", dtype=object),
        decided_by=np.full(n, "router", dtype=object),
        outcome=outcome,
        weight=np.ones(n, dtype=np.float32),
        relabelled=np.zeros(n, dtype=bool),
    )


BUDGET = st.integers(1, 300)
SEED = st.integers(0, 100_000)


@settings(max_examples=60, deadline=None)
@given(seed=SEED, budget=BUDGET)
def test_every_kept_hop_fits_the_new_budget_beforehand(seed: int, budget: int) -> None:
    copies = relabel(episodes(seed), np.full(6, budget), "x")
    rows = np.arange(len(copies))
    seen = copies.seen
    need = seen.spent + seen.worst_case[rows, copies.action] + seen.cost_to_go[rows, copies.action]
    assert (need <= budget).all()
    assert seen.feasible[rows, copies.action].all()
    assert (seen.spent + copies.charged <= budget).all()


@settings(max_examples=40, deadline=None)
@given(seed=SEED, budget=BUDGET)
def test_what_the_last_call_turned_out_to_cost_decides_nothing(seed: int, budget: int) -> None:
    steps = episodes(seed)
    free = steps.but(charged=np.where(steps.last, 0, steps.charged))
    one, other = (relabel(each, np.full(6, budget), "x") for each in (steps, free))
    assert np.array_equal(one.action, other.action)
    assert list(one.episode) == list(other.episode)


@settings(max_examples=40, deadline=None)
@given(seed=SEED, budget=BUDGET)
def test_copies_are_prefixes_and_what_the_budget_ends_is_truncated(seed: int, budget: int) -> None:
    steps = episodes(seed)
    copies = relabel(steps, np.full(6, budget), "x")
    for name in dict.fromkeys(copies.episode):
        copy = copies.take(copies.episode == name)
        whole = steps.take(steps.episode == name.removesuffix("/x"))
        assert np.array_equal(copy.action, whole.action[: len(copy)])
        cut = len(copy) < len(whole)
        assert bool(copy.truncated[-1]) is cut
        assert bool(copy.terminated[-1]) is not cut
        assert set(copy.cluster) == set(whole.cluster)
    assert copies.relabelled.all()


@settings(max_examples=40, deadline=None)
@given(seed=SEED)
def test_a_failed_call_is_never_worth_zero(seed: int) -> None:
    steps = episodes(seed)
    levels = [np.full(6, budget) for budget in (20, 60, 150, 300)]
    whole = with_hindsight(steps, levels)
    transitions = make_transitions(SPEC, whole, TERMS)
    reward, went_on = transitions["reward"][failed(whole)], ~whole.terminated[failed(whole)]
    assert (reward != 0.0).all()
    assert (reward[went_on] < 0.0).all()


@settings(max_examples=30, deadline=None)
@given(seed=SEED, budget=BUDGET)
def test_prices_and_budgets_times_a_thousand_change_no_transition(seed: int, budget: int) -> None:
    steps = episodes(seed)
    seen = {name: getattr(steps.seen, name) * 1000 for name in ("worst_case", "cost_to_go", "spent")}
    dear = steps.but(seen=seen, charged=steps.charged * 1000)
    spec = ObservationSpec.from_json(SPEC.to_json().replace('"low": 10,', '"low": 10000,').replace("300", "300000"))
    scale = RewardTerms(scale=CostScale(10_000 * ONE, 300_000 * ONE))
    one = make_transitions(SPEC, with_hindsight(steps, [np.full(6, budget)]), TERMS)
    other = make_transitions(spec, with_hindsight(dear, [np.full(6, budget * 1000)]), scale)
    for name in ("observation", "next_observation", "action", "action_mask", "reward", "return_to_go", "truncated"):
        assert np.array_equal(one[name], other[name]), name


def test_a_budget_that_is_not_smaller_makes_no_copy() -> None:
    steps = episodes(1)
    limited = steps.but(seen={"budget": np.full(len(steps), 100)})
    assert len(relabel(limited, np.full(6, 100), "x")) == 0


def test_the_next_observation_is_that_of_the_next_hop_and_nothing_is_feasible_at_the_end() -> None:
    steps = episodes(2)
    made = make_transitions(SPEC, steps, TERMS)
    inside = np.flatnonzero(~steps.last)
    assert np.array_equal(made["next_observation"][inside], made["observation"][inside + 1])
    assert (made["next_observation"][steps.last][:, SPEC.mask] == 0.0).all()


def test_returns_to_go_add_up_the_rewards_of_the_episode() -> None:
    made = make_transitions(SPEC, episodes(3), TERMS)
    for name in dict.fromkeys(made["episode"]):
        rows = np.flatnonzero(made["episode"] == name)
        sums = np.cumsum(made["reward"][rows][::-1])[::-1]
        assert np.allclose(made["return_to_go"][rows], sums, atol=1e-5)
        assert made["hop"][rows].tolist() == list(range(len(rows)))
