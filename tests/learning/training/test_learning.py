"""Every learner solves a world whose best policy is known."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from stigmergy.platform.learning.rl.draws import Weather, budgets_at, draw_on
from stigmergy.platform.learning.rl.play import play
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.trainers.rl.config import (
    BcConfig,
    BopoConfig,
    CqlConfig,
    LagrangianConfig,
    LearnerConfig,
    MarwilConfig,
    RlTraining,
    WeatherConfig,
)
from stigmergy.platform.learning.trainers.rl.material import Material, open_material
from stigmergy.platform.learning.trainers.rl.run import train
from stigmergy.platform.learning.trainers.rl.validating import GreedyPolicy
from stigmergy.routers.learned_policy.artifact import LearnedPolicy, load_policy
from stigmergy.routers.observation import Floats, Places, Situations, encode

LEVELS = (0.0, 0.5, 1.0)
A_MINUTE = 60.0
"""Of processor time, so that what else a machine does is no matter."""
ON_ARMS: dict[str, LearnerConfig] = {
    "bopo": BopoConfig(lr=3e-3, episodes=256, minibatch=128, warm_start=0),
    "lagrangian": LagrangianConfig(lr=3e-3, episodes=256, minibatch=128, warm_start=0, mean_share=1.0),
    "bc": BcConfig(lr=3e-3, minibatch=64),
    "marwil": MarwilConfig(lr=3e-3, minibatch=64),
    "cql": CqlConfig(lr=3e-3, minibatch=64, move_every=2),
}


def trained(data: Path, learner: LearnerConfig, out: Path, iterations: int, weather: float = 0.0) -> LearnedPolicy:
    training = RlTraining(
        data=data,
        learner=learner,
        iterations=iterations,
        checkpoint_every=iterations,
        hidden=(32,),
        budget_levels=LEVELS,
        device="cpu",
        weather=WeatherConfig(failure_rate=weather),
    )
    began = time.process_time()
    document = train(training, out, resume=False, told=lambda _: None)
    assert time.process_time() - began < A_MINUTE
    assert document["over_budget"] == 0
    return load_policy(out / "policy.safetensors")


class Knowing:
    """Small for numbers, large for letters if it can be paid, else the cheapest that can."""

    def __init__(self, policy: LearnedPolicy) -> None:
        actions = policy.spec.actions
        self._small, self._large = actions.index("small"), actions.index("large")
        self._letters = policy.spec.tasks.index("letters")

    def choose(self, seen: Situations, _: Floats, /) -> Places:
        pays = seen.feasible[:, self._large] & (seen.mixture[:, self._letters] > 0.0)
        return np.where(pays, self._large, self._small)


@pytest.mark.parametrize("name", sorted(ON_ARMS))
def test_it_asks_the_small_arm_where_that_is_enough_and_the_large_one_where_it_pays(
    name: str, arms: Path, tmp_path: Path
) -> None:
    policy = trained(arms, ON_ARMS[name], tmp_path, 25)
    material = open_material(RlTraining(data=arms, learner=ON_ARMS["bopo"]), tmp_path)
    source, rows = material.acted_in().source, material.acted_in().rows("test")
    query, level = np.tile(rows, len(LEVELS)), np.repeat(LEVELS, len(rows))
    draws = draw_on(source, query, budgets_at(source, query, level), Weather(), np.random.default_rng(1))
    env = ReplayEnv(source, material.recipe.terms, rows, Weather(), size=len(query), seed=0)
    found = play(env, GreedyPolicy(policy.network, policy.spec.mask), draws)
    best = play(env, Knowing(policy), draws)
    assert found.over_budget.sum() == 0
    assert found.returns.mean() >= best.returns.mean() - 0.01


def first_and_second(policy: LearnedPolicy, material: Material) -> list[str]:
    """What the policy does at START, and behind a."""
    spec = material.recipe.spec
    feasible = np.array([[True, True, False, False], [False, False, True, True]])
    ten = np.full((2, 4), 10)
    seen = Situations(
        features=np.zeros((2, 2), dtype=np.float32),
        mixture=np.ones((2, 1), dtype=np.float32),
        position=np.array([0, 1]),
        feasible=feasible,
        healthy=feasible,
        worst_case=ten,
        cost_to_go=np.zeros_like(ten),
        spent=np.array([0, 10]),
        budget=np.array([-1, -1]),
        committed=np.array([0, 1]),
    )
    chosen = policy.network.outputs(encode(spec, seen), spec.mask).argmax(axis=1)
    return [spec.actions[place] for place in chosen]


@pytest.mark.parametrize(
    "learner", [MarwilConfig(lr=3e-3, minibatch=64), CqlConfig(lr=3e-3, minibatch=64, move_every=1)]
)
def test_what_pays_only_at_the_end_of_an_episode_is_learnt_from_a_log_of_chance(
    learner: LearnerConfig, chain: Path, tmp_path: Path
) -> None:
    policy = trained(chain, learner, tmp_path, 20)
    material = open_material(RlTraining(data=chain, learner=learner), tmp_path)
    assert first_and_second(policy, material) == ["a", "d"]


def test_cloning_what_was_logged_does_what_was_mostly_done(clever_chain: Path, tmp_path: Path) -> None:
    learner = BcConfig(lr=3e-3, minibatch=64, clone="logged")
    policy = trained(clever_chain, learner, tmp_path, 10)
    material = open_material(RlTraining(data=clever_chain, learner=learner), tmp_path)
    assert first_and_second(policy, material) == ["a", "d"]


def test_no_budget_is_exceeded_where_calls_fail_in_training(arms: Path, tmp_path: Path) -> None:
    trained(arms, ON_ARMS["bopo"], tmp_path, 2, weather=0.3)
