"""Learned policies: trained on an arena's train split by RLlib's learners, the state kept that did best on val."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.contest.arena import Arena
from stigmergy.platform.learning.contest.playing import Figures, Stage
from stigmergy.platform.learning.contest.rules import Contestant, always, teacher
from stigmergy.platform.learning.evaluation.log_reading import TRAIN, VAL
from stigmergy.platform.learning.rl.draws import LEVELS, Weather, budgets_at, draw_on
from stigmergy.platform.learning.rl.play import MaskedPolicy, play
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.trainers.rl.algorithm_configs import learner_group
from stigmergy.platform.learning.trainers.rl.config import (
    BcConfig,
    BopoConfig,
    CqlConfig,
    LagrangianConfig,
    LearnerConfig,
    MarwilConfig,
    OnPolicyConfig,
    RlTraining,
)
from stigmergy.platform.learning.trainers.rl.objectives import objective_of
from stigmergy.platform.learning.trainers.rl.players import players_for
from stigmergy.platform.learning.trainers.rl.playing import Experience, Player, World
from stigmergy.platform.learning.trainers.rl.policy_learner import PolicyLearner
from stigmergy.platform.learning.trainers.rl.rows import Rows
from stigmergy.platform.learning.trainers.rl.starting import planning, units_needed
from stigmergy.platform.learning.trainers.rl.trainees import FromPlay, FromRows, Trainee
from stigmergy.platform.learning.trainers.rl.validating import GreedyPolicy
from stigmergy.routers.learned_policy.network import PolicyNetwork, network_of
from stigmergy.routers.observation import Floats, Places, Situations


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is learnt.

    Attributes:
        passes: over the rows of cloning, before play and in ``bc`` itself.
        iterations: batches of episodes played, or passes over logged rows.
        episodes: of a batch.
        logged: episodes of uniformly random routing that ``marwil`` and ``cql`` learn from.
        units: of the hidden layer, beside those that a planning start takes.
    """

    passes: int = 10
    iterations: int = 4
    episodes: int = 2048
    logged: int = 12_000
    units: int = 64


class Learning:
    """Trains the five learners on one arena with prices (see ``priced``); what they share is made once."""

    def __init__(self, arena: Arena, effort: Effort) -> None:
        self._arena, self._effort = arena, effort
        self._world = World(
            source=arena.source, terms=arena.terms, rows=arena.rows(TRAIN), weather=Weather(), levels=LEVELS
        )
        hidden = (units_needed(arena.source.spec) + effort.units,)
        self._training = RlTraining(data=Path(arena.name), learner=BcConfig(), hidden=hidden)
        self._cloned = cloned_rows(arena, teacher(arena))
        self._val = Stage(arena, VAL, LEVELS)

    def everyone(self) -> Mapping[str, Callable[[int], Contestant]]:
        """By name, how one is trained with a seed."""
        return {"bopo": self.bopo, "bc": self.bc, "marwil": self.marwil, "cql": self.cql, "lagrangian": self.lagrangian}

    def bc(self, seed: int) -> Contestant:
        """Boundary-guided cloning of the teacher."""
        trainee = FromRows(self._learner(_CLONING, seed), _CLONING, self._cloned, seed)
        return self._best(trainee, self._effort.passes)

    def marwil(self, seed: int) -> Contestant:
        """From uniformly random routing, choices weighted by what they led to."""
        config = MarwilConfig(beta=1.0)
        rows = logged_rows(self._explored(seed), config)
        return self._best(FromRows(self._learner(config, seed), config, rows, seed), self._effort.iterations)

    def cql(self, seed: int) -> Contestant:
        """From the same routing, by values."""
        config = CqlConfig()
        rows = logged_rows(self._explored(seed), config)
        return self._best(FromRows(self._learner(config, seed), config, rows, seed), self._effort.iterations)

    def bopo(self, seed: int) -> Contestant:
        """A start that plans as the teacher does, then play against the boundary policies."""
        config = BopoConfig(episodes=self._effort.episodes, entropy=0.0)
        learner = self._learner(config, seed)
        learner.start_at(planning(self._arena.source.spec, learner.network()))
        return self._played(learner, config, seed)

    def lagrangian(self, seed: int) -> Contestant:
        """Play under mean budgets from scratch; the caps hold all the same."""
        config = LagrangianConfig(episodes=self._effort.episodes)
        return self._played(self._learner(config, seed), config, seed)

    def _played(self, learner: PolicyLearner, config: OnPolicyConfig, seed: int) -> Contestant:
        players = players_for(self._world, config.episodes, 0)
        trainee = FromPlay(learner, config, players, objective_of(config, len(LEVELS)), seed)
        return self._best(trainee, self._effort.iterations)

    def _learner(self, config: LearnerConfig, seed: int) -> PolicyLearner:
        return PolicyLearner(learner_group(self._training, config, self._arena.source.spec, seed))

    def _explored(self, seed: int) -> Experience:
        spec = self._arena.source.spec
        blank = network_of(
            [np.zeros((spec.size, len(spec.actions)), dtype=np.float32)],
            [np.zeros(len(spec.actions), dtype=np.float32)],
        )
        return Player(self._world, self._effort.logged).play(blank, (seed, 1))

    def _best(self, trainee: Trainee, iterations: int) -> Contestant:
        """The state that did best on val, the untouched one included.

        A later state has to solve more by over a standard error of the paired difference: val is small, and what is
        picked for being luckiest on it is not what does best on others.
        """
        mask = self._arena.source.spec.mask

        def scored() -> tuple[Figures, PolicyNetwork]:
            network = trainee.network()
            return self._val.play(always(GreedyPolicy(network, mask))).success.mean(axis=0), network

        best = scored()
        every = max(1, iterations // 10)
        for iteration in range(iterations):
            trainee.advance(iteration)
            if (iteration + 1) % every == 0 and _clearly_better(found := scored(), best):
                best = found
        trainee.close()
        return always(GreedyPolicy(best[1], mask))


def _clearly_better(found: tuple[Figures, PolicyNetwork], kept: tuple[Figures, PolicyNetwork]) -> bool:
    gains = found[0] - kept[0]
    return bool(gains.mean() > gains.std() / np.sqrt(len(gains)))


_CLONING: Final = BcConfig(lr=3e-3)


def cloned_rows(arena: Arena, rule: Contestant) -> Rows:
    """Every hop that a rule takes on the train queries, at every budget level."""
    rows, source = arena.rows(TRAIN), arena.source
    query, level = np.tile(rows, len(LEVELS)), np.repeat(np.asarray(LEVELS), len(rows))
    draws = draw_on(source, query, budgets_at(source, query, level), Weather(), np.random.default_rng(0))
    watched = _Recorded(rule(draws))
    play(ReplayEnv(source, arena.terms, rows, Weather(), size=len(query), seed=0), watched, draws)
    columns: dict[str, NDArray[Any]] = {
        "obs": np.concatenate(watched.observations),
        "actions": np.concatenate(watched.actions),
    }
    return Rows(columns, np.ones(len(columns["actions"]), dtype=np.float32))


class _Recorded:
    """Keeps what a policy saw and did where there was something to do."""

    def __init__(self, policy: MaskedPolicy) -> None:
        self._policy = policy
        self.observations: list[Floats] = []
        self.actions: list[Places] = []

    def choose(self, seen: Situations, observation: Floats, /) -> Places:
        """See ``MaskedPolicy``."""
        action, running = self._policy.choose(seen, observation), seen.feasible.any(axis=1)
        self.observations.append(observation[running])
        self.actions.append(action[running])
        return action


def logged_rows(experience: Experience, learner: MarwilConfig | CqlConfig) -> Rows:
    """Played hops as the rows of an offline learner: returns to go, or rewards with what came next."""
    order = np.argsort(experience.episode, kind="stable")
    episode, reward = experience.episode[order], experience.reward[order]
    last = np.r_[episode[1:] != episode[:-1], True]
    columns: dict[str, NDArray[Any]] = {"obs": experience.observation[order], "actions": experience.action[order]}
    ones = np.ones(len(order), dtype=np.float32)
    if isinstance(learner, MarwilConfig):
        total = np.cumsum(reward, dtype=np.float64)
        ends = np.flatnonzero(last)
        upto = total[np.repeat(ends, np.diff(np.r_[-1, ends]))]
        return Rows({**columns, "value_targets": (upto - total + reward).astype(np.float32)}, ones)
    following = np.concatenate((columns["obs"][1:], columns["obs"][-1:]))
    columns |= {"rewards": reward, "new_obs": following, "terminateds": last, "n_step": ones, "weights": ones}
    return Rows(columns, ones)
