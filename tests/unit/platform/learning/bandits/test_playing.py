"""Players on made worlds whose best answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.platform.learning.bandits.players import PLAYERS, Table, Tuning
from stigmergy.platform.learning.bandits.playing import Played, UniformLog, play, replay
from stigmergy.platform.learning.bandits.stream import Stream, newcomer, swap

LEARNERS = ("linucb", "thompson")
DIMS, ARMS = 4, 3


def seat(arms: int, dims: int, **tuning: float) -> Table:
    standing = np.linspace(0.0, 1.0, arms)
    return Table(arms=tuple(f"a{n}" for n in range(arms)), dims=dims, standing=standing, tuning=Tuning(**tuning))


def two_contexts(rounds: int) -> Stream:
    """Arm 0 is right in one context, arm 1 in the other."""
    kind = np.random.default_rng(5).integers(2, size=rounds)
    return Stream(contexts=np.eye(2)[kind], rewards=np.eye(2)[kind], open=np.ones((rounds, 2), bool))


def linear_world(rounds: int, seed: int = 0) -> Stream:
    rng = np.random.default_rng(seed)
    contexts = rng.standard_normal((rounds, DIMS)) / np.sqrt(DIMS)
    means = contexts @ rng.standard_normal((DIMS, ARMS)) * 0.5
    return Stream(contexts=contexts, rewards=means, open=np.ones((rounds, ARMS), bool))


def played(name: str, stream: Stream, **tuning: float) -> Played:
    return play(PLAYERS[name](seat(stream.rewards.shape[1], stream.contexts.shape[1], **tuning)), stream)


@pytest.mark.parametrize("name", LEARNERS)
def test_the_optimum_of_two_arms_in_two_contexts_is_found(name: str) -> None:
    assert played(name, two_contexts(600), ridge=1.0).rewards[300:].mean() > 0.95


def test_players_that_look_at_no_query_cannot_tell_the_contexts_apart() -> None:
    for name in ("epsilon_greedy", "ucb1", "best_single", "random"):
        assert played(name, two_contexts(600)).rewards[300:].mean() < 0.65


@pytest.mark.parametrize("name", LEARNERS)
def test_regret_in_a_linear_world_grows_ever_slower(name: str) -> None:
    regret = played(name, linear_world(2000), ridge=1.0).regret
    early, late = regret[:500].sum(), regret[-500:].sum()
    assert late < 0.35 * early


@pytest.mark.parametrize("name", LEARNERS)
def test_who_forgets_recovers_after_drift_and_who_does_not_is_slower(name: str) -> None:
    rounds = 1600
    contexts, rewards = np.ones((rounds, 1)), np.tile([0.2, 0.8], (rounds, 1))
    stream = swap(Stream(contexts=contexts, rewards=rewards, open=np.ones((rounds, 2), bool)), np.array([0.2, 0.8]))
    keeping = played(name, stream, ridge=1.0)
    forgetting = played(f"{name}_discounted", stream, ridge=1.0, discount=0.98)
    assert forgetting.rewards[-400:].mean() > 0.7
    assert forgetting.rewards[rounds // 2 :].mean() > keeping.rewards[rounds // 2 :].mean() + 0.1


@pytest.mark.parametrize("name", LEARNERS)
def test_an_arm_that_joins_half_way_is_taken_up(name: str) -> None:
    stream = newcomer(two_contexts(1200), np.array([0.0, 1.0]))
    assert played(name, stream, ridge=1.0).rewards[900:].mean() > 0.9


def test_a_warm_player_needs_no_round_to_learn() -> None:
    stream = two_contexts(40)
    table = seat(2, 2)
    learner = PLAYERS["linucb"](table)
    for _ in range(50):
        for kind in range(2):
            for arm in range(2):
                learner.learn(np.eye(2)[kind], arm, float(kind == arm))
    assert play(learner, stream).rewards.mean() == 1.0


@pytest.mark.parametrize("name", sorted(PLAYERS))
def test_nobody_chooses_an_arm_that_is_closed(name: str) -> None:
    stream = newcomer(linear_world(60), np.array([0.0, 0.0, 1.0]))
    assert np.isfinite(played(name, stream).rewards).all()
    closed = Stream(contexts=stream.contexts, rewards=np.where(stream.open, stream.rewards, np.nan), open=stream.open)
    assert np.isfinite(played(name, closed).rewards).all()


def test_replay_of_uniform_choices_estimates_the_value_of_a_fixed_arm_without_bias() -> None:
    rng = np.random.default_rng(0)
    rows = 6000
    contexts = np.eye(2)[rng.integers(2, size=rows)]
    arm = rng.integers(3, size=rows)
    reward = np.where(arm == 2, 0.7, 0.2) + 0.1 * rng.standard_normal(rows)
    log = UniformLog(
        arms=("a0", "a1", "a2"),
        query=np.arange(rows),
        contexts=contexts,
        arm=arm,
        reward=reward,
        best=np.full(rows, 0.7),
    )
    found = replay(PLAYERS["best_single"](seat(3, 2)), log, np.arange(rows))
    assert len(found.rewards) == pytest.approx(rows / 3, rel=0.06)
    assert found.rewards.mean() == pytest.approx(0.7, abs=0.02)
    assert found.regret.mean() == pytest.approx(0.0, abs=0.02)
