"""From played episodes to what a learner on the PPO family is given."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from ray.rllib.core.columns import Columns

from stigmergy.platform.learning.trainers.rl.config import BopoConfig, Figures, LagrangianConfig, OnPolicyConfig
from stigmergy.platform.learning.trainers.rl.losses import REFERENCE, RETURNS, SPREAD
from stigmergy.platform.learning.trainers.rl.playing import Experience
from stigmergy.platform.learning.trainers.rl.policy_learner import Batch
from stigmergy.routers.observation import Floats

_TINY: Final = 1e-6


class Objective(Protocol):
    """What policies are pushed towards; its state goes into checkpoints."""

    state: list[float]

    def batch(self, experience: Experience) -> Batch:
        """The hops as a batch of the learner; may learn from them how hard to push."""
        ...


class BoundaryRelative:
    """Returns of whole episodes against those of the boundary policies on the same draws; see ``BopoLearner``."""

    def __init__(self) -> None:
        self.state: list[float] = []

    def batch(self, experience: Experience) -> Batch:
        """See ``Objective``."""
        returns = experience.per_episode(experience.reward)[experience.episode]
        reference = experience.reference[experience.episode]
        spread = np.full(len(returns), max(float((returns - reference).std()), _TINY), dtype=np.float32)
        return {**_acted(experience), RETURNS: returns, REFERENCE: reference, SPREAD: spread}


class MeanBudget:
    """Rewards less multiplier times charge over budget; ``state`` holds the multiplier of every level, at least 0.

    After each batch ``multiplier += step (mean share charged - mean_share)``: dual ascent.
    """

    def __init__(self, config: LagrangianConfig, levels: int) -> None:
        self._config = config
        self.state: list[float] = [0.0] * levels

    def batch(self, experience: Experience) -> Batch:
        """See ``Objective``."""
        budget = np.maximum(experience.budget, 1)[experience.episode]
        share = (experience.charged / budget).astype(np.float32)
        multipliers = np.array(self.state, dtype=np.float32)[experience.level][experience.episode]
        reward = experience.reward - multipliers * share
        self._follow(experience, experience.per_episode(share))
        return {**_acted(experience), Columns.VALUE_TARGETS: _to_go(experience, reward)}

    def _follow(self, experience: Experience, shares: Floats) -> None:
        for level in np.unique(experience.level):
            beyond = float(shares[experience.level == level].mean()) - self._config.mean_share
            self.state[level] = max(0.0, self.state[level] + self._config.multiplier_step * beyond)


def objective_of(config: OnPolicyConfig, levels: int) -> Objective:
    """The objective of a learner."""
    return BoundaryRelative() if isinstance(config, BopoConfig) else MeanBudget(config, levels)


def figures_of(experience: Experience) -> Figures:
    """What was earned, for people."""
    returns = experience.per_episode(experience.reward)
    charged = np.bincount(experience.episode, weights=experience.charged, minlength=len(experience.level))
    return {
        "return": float(returns.mean()),
        "reference": float(experience.reference.mean()),
        "quality": float(experience.quality.mean()),
        "over_budget": float((charged > experience.budget).sum()),
        "hops": float(len(experience)),
    }


def _acted(experience: Experience) -> Batch:
    return {
        Columns.OBS: experience.observation,
        Columns.ACTIONS: experience.action,
        Columns.ACTION_DIST_INPUTS: experience.logits,
        Columns.ACTION_LOGP: experience.log_probability,
    }


def _to_go(experience: Experience, reward: Floats) -> Floats:
    """The sum of rewards from each hop to the end of its episode."""
    order = np.argsort(experience.episode, kind="stable")
    sums = np.cumsum(reward[order], dtype=np.float64)
    last = np.flatnonzero(np.r_[experience.episode[order][1:] != experience.episode[order][:-1], True])
    end_of = np.repeat(last, np.diff(np.r_[-1, last]))
    found = np.empty(len(order), dtype=np.float32)
    found[order] = sums[end_of] - sums + reward[order]
    return found
