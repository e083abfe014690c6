"""The environment behind gymnasium's interfaces."""

from __future__ import annotations

import numpy as np
from gymnasium.utils.env_checker import check_env

from stigmergy.platform.learning.rl.arm_source import ArmSource
from stigmergy.platform.learning.rl.draws import Weather
from stigmergy.platform.learning.rl.gym_env import ReplayGymEnv, ReplayVectorEnv
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.rl.rewards import RewardTerms

ROWS = np.arange(60)


def test_gymnasiums_checker_finds_nothing(source: ArmSource, terms: RewardTerms) -> None:
    env = ReplayEnv(source, terms, ROWS, Weather(failure_rate=0.2), size=1, seed=0)
    check_env(ReplayGymEnv(env), skip_render_check=True)


def test_ended_episodes_begin_anew_in_the_same_step(source: ArmSource, terms: RewardTerms) -> None:
    vector = ReplayVectorEnv(ReplayEnv(source, terms, ROWS, Weather(), size=8, seed=0))
    observation, info = vector.reset(seed=5)
    assert vector.observation_space.contains(observation)
    observation, reward, terminated, truncated, info = vector.step(info["action_mask"].argmax(axis=1))
    assert terminated.all()
    assert not truncated.any()
    assert vector.observation_space.contains(observation)
    mask = source.spec.mask
    assert (info["final_obs"][:, mask] == 0.0).all()
    assert np.array_equal(observation[:, mask].astype(bool), info["action_mask"])
    assert reward.dtype == np.float32


def test_a_seed_begins_the_same_episodes_again(source: ArmSource, terms: RewardTerms) -> None:
    vector = ReplayVectorEnv(ReplayEnv(source, terms, ROWS, Weather(), size=8, seed=0))
    assert np.array_equal(vector.reset(seed=5)[0], vector.reset(seed=5)[0])
