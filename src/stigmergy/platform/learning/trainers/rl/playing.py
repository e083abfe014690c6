"""Episodes played by a policy in a replayed log: our own collector, in NumPy from the draw to the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.boundary import boundary_returns
from stigmergy.platform.learning.rl.draws import Draws, Weather, budgets_at, draw_on
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.rl.rewards import RewardTerms
from stigmergy.platform.learning.rl.sources import OutcomeSource
from stigmergy.routers.learned_policy.network import PolicyNetwork, log_shares
from stigmergy.routers.observation import Floats, Money, Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """n hops of B episodes, hops in the order in which they were taken.

    Of hops: ``observation`` (n, D), ``action``, ``logits`` (n, A), ``log_probability``, ``reward``, ``charged``
    (nano-dollars), ``episode`` (its number). Of episodes: ``level`` (number of its budget level), ``budget``,
    ``reference`` (mean return of the boundary policies on the same draws), ``quality``.
    """

    observation: Floats
    action: Places
    logits: Floats
    log_probability: Floats
    reward: Floats
    charged: Money
    episode: Places
    level: Places
    budget: Money
    reference: Floats
    quality: Floats

    def __len__(self) -> int:
        return len(self.action)

    def per_episode(self, of_hops: Floats) -> Floats:
        """Sums over the hops of every episode, shape (B,)."""
        return np.bincount(self.episode, weights=of_hops, minlength=len(self.level)).astype(np.float32)


def join(parts: Sequence[Experience]) -> Experience:
    """Parts played apart, one after another; at least one."""
    starts = np.cumsum([0, *(len(part.level) for part in parts[:-1])])
    columns = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Experience)}
    columns["episode"] = np.concatenate([part.episode + start for part, start in zip(parts, starts, strict=True)])
    return Experience(**columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where episodes are played: outcomes, what they are worth, queries, what goes wrong, and budgets."""

    source: OutcomeSource
    terms: RewardTerms
    rows: Places
    weather: Weather
    levels: tuple[float, ...]


class Player:
    """Plays ``count`` episodes at a time in one process. Given the same seed and network, it plays the same ones."""

    def __init__(self, world: World, count: int) -> None:
        self._world = world
        self._env = ReplayEnv(world.source, world.terms, world.rows, world.weather, size=count, seed=0)

    def play(self, network: PolicyNetwork, seed: Sequence[int]) -> Experience:
        """Whole episodes, actions drawn from the network's softmax, each level equally likely."""
        rng, world = np.random.default_rng(seed), self._world
        query = rng.choice(world.rows, self._env.size)
        level = rng.integers(len(world.levels), size=self._env.size)
        budget = budgets_at(world.source, query, np.asarray(world.levels, dtype=np.float64)[level])
        draws = draw_on(world.source, query, budget, world.weather, rng)
        small, large = boundary_returns(self._env, draws)
        return self._experience(network, draws, level, (small.returns + large.returns) / np.float32(2.0), rng)

    def _experience(
        self, network: PolicyNetwork, draws: Draws, level: Places, reference: Floats, rng: np.random.Generator
    ) -> Experience:
        hops, quality = _hops(self._env, network, draws, rng)
        return Experience(**hops, level=level, budget=draws.budget, reference=reference, quality=quality)


def _hops(
    env: ReplayEnv, network: PolicyNetwork, draws: Draws, rng: np.random.Generator
) -> tuple[dict[str, NDArray[Any]], Floats]:
    """Columns of the hops until every episode has ended, and the quality of every episode."""
    observation, quality = env.begin(draws), np.zeros(len(draws), dtype=np.float32)
    running = np.arange(len(draws))
    parts: list[dict[str, NDArray[Any]]] = []
    while len(running):
        seen = observation[running]
        logits = network.outputs(seen, env.spec.mask)
        chosen = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
        action = np.zeros(len(draws), dtype=np.int64)
        action[running] = chosen
        shares = log_shares(logits, seen[:, env.spec.mask] > 0.0)
        stepped = env.step(action)
        parts.append(
            {
                "observation": seen,
                "action": chosen,
                "logits": logits,
                "log_probability": shares[np.arange(len(chosen)), chosen],
                "reward": stepped.reward[running],
                "charged": stepped.charged[running],
                "episode": running,
            }
        )
        ended = stepped.terminated[running]
        quality[running[ended]] = stepped.quality[running[ended]]
        running, observation = running[~ended], stepped.observation
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, quality
