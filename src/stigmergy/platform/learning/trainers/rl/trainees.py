"""A policy in training, iteration by iteration. Iteration n depends on the seed, n and the state before it alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

import numpy as np

from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.rl.draws import Weather
from stigmergy.platform.learning.trainers.rl.algorithm_configs import learner_group
from stigmergy.platform.learning.trainers.rl.cloning import clone_rows
from stigmergy.platform.learning.trainers.rl.config import (
    BcConfig,
    BopoConfig,
    CqlConfig,
    Figures,
    LagrangianConfig,
    LearnerConfig,
    OfflineConfig,
    OnPolicyConfig,
    RlTraining,
)
from stigmergy.platform.learning.trainers.rl.material import Material
from stigmergy.platform.learning.trainers.rl.objectives import Objective, figures_of, objective_of
from stigmergy.platform.learning.trainers.rl.players import Players, players_for
from stigmergy.platform.learning.trainers.rl.playing import World
from stigmergy.platform.learning.trainers.rl.policy_learner import PolicyLearner
from stigmergy.platform.learning.trainers.rl.rows import CHUNK, Rows, read_rows
from stigmergy.routers.learned_policy.network import PolicyNetwork

_WARM_UP: Final = 1_000_000
"""Added to the number of a warm-up's pass, so that it draws differently from any iteration."""


class Trainee(Protocol):
    """One policy in training."""

    def advance(self, iteration: int) -> Figures:
        """Do one iteration; returns figures of it."""
        ...

    def network(self) -> PolicyNetwork:
        """The policy as it is now."""
        ...

    def state(self) -> dict[str, Any]:
        """What the next iteration depends on."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        ...

    def close(self) -> None:
        """End what was started."""
        ...


class FromRows:
    """Learns from rows: one iteration is one pass over them."""

    def __init__(self, learner: PolicyLearner, config: LearnerConfig, rows: Rows, seed: int) -> None:
        self._learner, self._config, self._rows, self._seed = learner, config, rows, seed

    def advance(self, iteration: int) -> Figures:
        """See ``Trainee``."""
        rng, told = np.random.default_rng((self._seed, iteration)), {}
        for batch in self._rows.chunks(rng, _chunk(self._config)):
            told = self._learner.update(batch, self._config.minibatch)
        return {**told, "rows": float(len(self._rows))}

    def network(self) -> PolicyNetwork:
        """See ``Trainee``."""
        return self._learner.network()

    def state(self) -> dict[str, Any]:
        """See ``Trainee``."""
        return {"learner": self._learner.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See ``Trainee``."""
        self._learner.restore(state["learner"])

    def close(self) -> None:
        """See ``Trainee``."""
        self._learner.close()


class FromPlay:
    """Learns from episodes that it plays itself: one iteration is one batch of them."""

    def __init__(
        self, learner: PolicyLearner, config: OnPolicyConfig, players: Players, objective: Objective, seed: int
    ) -> None:
        self._learner, self._config, self._players = learner, config, players
        self._objective, self._seed = objective, seed

    def advance(self, iteration: int) -> Figures:
        """See ``Trainee``."""
        experience = self._players.play(self._learner.network(), (self._seed, iteration))
        batch, told = self._objective.batch(experience), {}
        rng = np.random.default_rng((self._seed, iteration, 0))
        for _ in range(self._config.epochs):
            order = rng.permutation(len(experience))
            shuffled = {name: column[order] for name, column in batch.items()}
            told = self._learner.update(shuffled, self._config.minibatch)
        return {**told, **figures_of(experience)}

    def network(self) -> PolicyNetwork:
        """See ``Trainee``."""
        return self._learner.network()

    def state(self) -> dict[str, Any]:
        """See ``Trainee``."""
        return {"learner": self._learner.state(), "objective": self._objective.state}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See ``Trainee``."""
        self._learner.restore(state["learner"])
        self._objective.state = list(state["objective"])

    def close(self) -> None:
        """See ``Trainee``."""
        self._learner.close()
        self._players.close()


def trainee_for(training: RlTraining, material: Material, seed: int) -> Trainee:
    """A fresh policy in training.

    Raises:
        InvalidLog: the data is not what the learner learns from.
    """
    config = training.learner
    if isinstance(config, BopoConfig | LagrangianConfig):
        return _from_play(training, config, material, seed)
    learner = PolicyLearner(learner_group(training, config, material.recipe.spec, seed))
    return FromRows(learner, config, _rows(training, config, material), seed)


def _rows(training: RlTraining, config: OfflineConfig, material: Material) -> Rows:
    if isinstance(config, BcConfig) and config.clone == "boundary":
        return clone_rows(material.acted_in(), material.recipe.terms, training.budget_levels)
    return read_rows(material.parts, config, TRAIN)


def _from_play(training: RlTraining, config: OnPolicyConfig, material: Material, seed: int) -> FromPlay:
    replay = material.acted_in()
    world = World(
        source=replay.source,
        terms=material.recipe.terms,
        rows=replay.rows(TRAIN),
        weather=Weather(
            failure_rate=training.weather.failure_rate,
            outage_rate=training.weather.outage_rate,
            latency_sigma=training.weather.latency_sigma,
        ),
        levels=training.budget_levels,
    )
    learner = PolicyLearner(learner_group(training, config, material.recipe.spec, seed))
    if config.warm_start:
        _warm_up(learner, training, config.warm_start, material, seed)
    players = players_for(world, config.episodes, training.env_runners)
    return FromPlay(learner, config, players, objective_of(config, len(training.budget_levels)), seed)


def _warm_up(learner: PolicyLearner, training: RlTraining, passes: int, material: Material, seed: int) -> None:
    config = BcConfig(minibatch=training.learner.minibatch)
    rows = clone_rows(material.acted_in(), material.recipe.terms, training.budget_levels)
    cloned = PolicyLearner(learner_group(training, config, material.recipe.spec, seed))
    cloning = FromRows(cloned, config, rows, seed)
    for number in range(passes):
        cloning.advance(_WARM_UP + number)
    learner.start_from(cloned)
    cloned.close()


def _chunk(config: LearnerConfig) -> int:
    return config.minibatch * config.move_every if isinstance(config, CqlConfig) else CHUNK
