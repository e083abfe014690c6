"""A policy held against val: played greedily where a log can be acted in, compared with what was logged elsewhere."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np

from stigmergy.platform.learning.dataset.tables import read_transitions
from stigmergy.platform.learning.evaluation.log_reading import TRAIN, VAL
from stigmergy.platform.learning.rl.draws import Draws, Weather, budgets_at, draw_on
from stigmergy.platform.learning.rl.play import play
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.rl.worst_cases import NANO
from stigmergy.platform.learning.trainers.rl.config import BcConfig, Figures, RlTraining
from stigmergy.platform.learning.trainers.rl.material import Material
from stigmergy.platform.learning.trainers.rl.rows import read_rows
from stigmergy.routers.learned_policy.network import PolicyNetwork
from stigmergy.routers.observation import Floats, Places, Situations

RETURN: Final = "val_return"
"""The figure that the best policy is chosen by."""
OVER_BUDGET: Final = "val_over_budget"


class Validator(Protocol):
    """Holds a policy against queries that it does not learn from."""

    def judge(self, network: PolicyNetwork) -> Figures:
        """Figures; ``RETURN`` among them only where a return is known."""
        ...


class GreedyPolicy:
    """The action with the greatest output; implements ``MaskedPolicy``."""

    def __init__(self, network: PolicyNetwork, mask: slice) -> None:
        self._network, self._mask = network, mask

    def choose(self, _: Situations, observation: Floats, /) -> Places:
        """See ``MaskedPolicy``."""
        return np.asarray(self._network.outputs(observation, self._mask).argmax(axis=1), dtype=np.int64)


class _Played:
    """Every query of a split under every budget level, on the same draws each time."""

    def __init__(self, env: ReplayEnv, draws: Draws) -> None:
        self._env, self._draws = env, draws

    def judge(self, network: PolicyNetwork) -> Figures:
        """See ``Validator``."""
        played = play(self._env, GreedyPolicy(network, self._env.spec.mask), self._draws)
        return {
            RETURN: float(played.returns.mean()),
            "val_quality": float(played.quality.mean()),
            "val_cost_usd": float(played.charged.mean() / NANO),
            OVER_BUDGET: float(played.over_budget.sum()),
        }


class _Logged:
    """How often the policy would have done what was logged, rows weighing as in training."""

    def __init__(self, observation: Floats, action: Places, weight: Floats, mask: slice) -> None:
        self._observation, self._action, self._weight, self._mask = observation, action, weight, mask

    def judge(self, network: PolicyNetwork) -> Figures:
        """See ``Validator``."""
        same = network.outputs(self._observation, self._mask).argmax(axis=1) == self._action
        return {"val_agreement": float(np.average(same, weights=self._weight))}


class _Nothing:
    def judge(self, _: PolicyNetwork) -> Figures:
        """There is no val split."""
        return {}


def validator_for(training: RlTraining, material: Material) -> Validator:
    """The validator for what is learnt from; a log without a val split is judged on train."""
    if material.replay is not None:
        rows = material.replay.rows(VAL)
        return _played(training, material, rows if len(rows) else material.replay.rows(TRAIN))
    if VAL not in read_transitions(material.parts, ("split",))["split"]:
        return _Nothing()
    logged = read_rows(material.parts, BcConfig(), VAL)
    return _Logged(logged.columns["obs"], logged.columns["actions"], logged.weight, material.recipe.spec.mask)


def _played(training: RlTraining, material: Material, rows: Places) -> _Played:
    source = material.acted_in().source
    levels = np.repeat(np.asarray(training.budget_levels, dtype=np.float64), len(rows))
    query = np.tile(rows, len(training.budget_levels))
    env = ReplayEnv(source, material.recipe.terms, rows, Weather(), size=len(query), seed=0)
    budget = budgets_at(source, query, levels)
    return _Played(env, draw_on(source, query, budget, Weather(), np.random.default_rng(0)))
