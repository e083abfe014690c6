"""The replay as gymnasium knows environments, one episode at a time or many side by side.

Observations are the vectors of the spec; ``info["action_mask"]`` holds the mask, which also lies in the observation.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from stigmergy.platform.learning.rl.replay_env import ReplayEnv, Stepped
from stigmergy.routers.observation import Floats, ObservationSpec

Info: TypeAlias = dict[str, Any]
_COUNTED: Final = ("quality", "charged", "latency_s", "failed", "cut", "refused", "escalated")


def observation_space(spec: ObservationSpec) -> Box:
    """Vectors of the spec; logarithms of money are clipped, so all numbers are small, and features lie in [-1, 1]."""
    return Box(-1.0, 2.0, (spec.size,), np.float32)


class ReplayGymEnv(gym.Env[Floats, np.int64]):
    """One episode after another; ``env`` has size 1."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - gymnasium's own declaration

    def __init__(self, env: ReplayEnv) -> None:
        self._env = env
        self.observation_space = observation_space(env.spec)
        self.action_space = Discrete(len(env.spec.actions))

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Floats, Info]:
        """Begin an episode; with a seed, draw from a fresh generator."""
        super().reset(seed=seed, options=options)
        if seed is not None:
            self._env.seed(seed)
        return self._env.reset()[0], {"action_mask": self._env.seen.feasible[0].copy()}

    def step(self, action: np.int64) -> tuple[Floats, float, bool, bool, Info]:
        """Take an action; one that the mask forbids is not taken and ends the episode."""
        stepped = self._env.step(np.array([action], dtype=np.int64))
        info = {name: values[0] for name, values in _told(stepped).items()}
        mask = {"action_mask": self._env.seen.feasible[0].copy()}
        return stepped.observation[0], float(stepped.reward[0]), bool(stepped.terminated[0]), False, info | mask


class ReplayVectorEnv(VectorEnv[Floats, NDArray[Any], NDArray[Any]]):
    """B episodes side by side; an ended one begins anew in the same step (``AutoresetMode.SAME_STEP``).

    The observation at the end of an episode is then in ``info["final_obs"]``, where ``info["_final_obs"]`` is True.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012 - as above

    def __init__(self, env: ReplayEnv) -> None:
        self._env = env
        self.num_envs = env.size
        self.single_observation_space = observation_space(env.spec)
        self.single_action_space = Discrete(len(env.spec.actions))
        self.observation_space = Box(-1.0, 2.0, (env.size, env.spec.size), np.float32)
        self.action_space = MultiDiscrete([len(env.spec.actions)] * env.size)

    def reset(self, *, seed: int | list[int | None] | None = None, options: Info | None = None) -> tuple[Floats, Info]:
        """Begin B episodes. They are drawn together, so of a list of seeds the first counts."""
        first = seed[0] if isinstance(seed, list) else seed
        super().reset(seed=first, options=options)
        if first is not None:
            self._env.seed(first)
        return self._env.reset(), {"action_mask": self._env.seen.feasible.copy()}

    def step(self, actions: NDArray[Any]) -> tuple[Floats, Floats, NDArray[Any], NDArray[Any], Info]:
        """Take one action in each."""
        stepped = self._env.step(np.asarray(actions, dtype=np.int64))
        ended = np.flatnonzero(stepped.terminated)
        observation, info = stepped.observation, _told(stepped)
        if len(ended):
            info |= {"final_obs": observation.copy(), "_final_obs": stepped.terminated}
            observation[ended] = self._env.renew(ended)
        info["action_mask"] = self._env.seen.feasible.copy()
        return observation, stepped.reward, stepped.terminated, np.zeros(self.num_envs, dtype=bool), info


def _told(stepped: Stepped) -> Info:
    return {name: getattr(stepped, name) for name in _COUNTED}
