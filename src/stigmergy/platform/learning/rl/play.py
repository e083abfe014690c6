"""A policy played on given draws, from the first hop to the last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from stigmergy.platform.learning.rl.draws import Draws
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.routers.observation import Floats, Money, Places, Situations


class MaskedPolicy(Protocol):
    """Chooses a feasible action for each of B situations."""

    def choose(self, seen: Situations, observation: Floats, /) -> Places:
        """One action per situation; where nothing is feasible, any."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """B whole episodes: sum of rewards, quality at the end, charge, hops, and what had to be counted.

    ``over_budget``: spent more than the budget allowed, which never happens.
    """

    returns: Floats
    quality: Floats
    charged: Money
    hops: Places
    failed: Places
    cut: Places
    escalated: Places
    over_budget: Places


def play(env: ReplayEnv, policy: MaskedPolicy, draws: Draws) -> Played:
    """Play the policy on draws of ``env.size`` episodes; the environment is left at their ends."""
    observation = env.begin(draws)
    count = len(draws)
    running = np.ones(count, dtype=bool)
    returns = np.zeros(count, dtype=np.float64)
    quality = np.zeros(count, dtype=np.float32)
    totals = {name: np.zeros(count, dtype=np.int64) for name in ("charged", "failed", "cut", "escalated", "hops")}
    while running.any():
        stepped = env.step(policy.choose(env.seen, observation))
        returns += np.where(running, stepped.reward, 0.0)
        quality = np.where(running & stepped.terminated, stepped.quality, quality)
        for name in ("charged", "failed", "cut", "escalated"):
            totals[name] += np.where(running, getattr(stepped, name), 0)
        totals["hops"] += running & ~stepped.refused
        running &= ~stepped.terminated
        observation = stepped.observation
    over = (totals["charged"] > draws.budget).astype(np.int64)
    return Played(returns=returns.astype(np.float32), quality=quality, over_budget=over, **totals)
