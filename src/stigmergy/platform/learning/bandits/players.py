"""Who plays: bandits as they are served, and what they have to beat."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.bandit.learner import LearningRules, LinearLearner
from stigmergy.routers.bandit.rules import ExplorationRule, ThompsonSampling, UpperConfidence
from stigmergy.routers.bandit.statistics import NOTHING_SEEN, Statistics
from stigmergy.routers.selection import Greedy, Proportional, Selection, choose

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


class Player(Protocol):
    """Chooses an arm per round and is told its reward, no other's."""

    def choose(self, context: Floats, open_arms: Places) -> int:
        """One of the places in ``open_arms``, given a context of shape (d,)."""
        ...

    def learn(self, context: Floats, arm: int, reward: float) -> None:
        """What the arm that was chosen brought."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Figures of the players; those of the linear ones as in ``routers.configs.BanditConfig``."""

    alpha: float = 0.25
    scale: float = 0.1
    ridge: float = 10.0
    discount: float = 0.999
    """Of the discounted players alone."""
    epsilon: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Where a player sits down.

    Attributes:
        arms: their names.
        dims: the length of contexts.
        standing: mean reward of every arm on train, shape (A,).
        tuning: figures.
        seen: the sums of all outcomes on train.
        seed: of whatever it draws.
    """

    arms: tuple[str, ...]
    dims: int
    standing: Floats
    tuning: Tuning
    seen: Statistics = field(default_factory=dict)
    seed: int = 0


class RandomPlayer:
    """Any open arm."""

    def __init__(self, table: Table) -> None:
        self._rng = random.Random(table.seed)

    def choose(self, _context: Floats, open_arms: Places, /) -> int:
        """See ``Player``."""
        return int(self._rng.choice(open_arms))

    def learn(self, _context: Floats, _arm: int, _reward: float, /) -> None:
        """There is nothing to learn."""


class StaticPlayer:
    """The open arm that was best on train."""

    def __init__(self, table: Table) -> None:
        self._standing = table.standing

    def choose(self, _context: Floats, open_arms: Places, /) -> int:
        """See ``Player``."""
        return int(open_arms[self._standing[open_arms].argmax()])

    def learn(self, _context: Floats, _arm: int, _reward: float, /) -> None:
        """There is nothing to learn."""


class MeansPlayer:
    """Epsilon-greedy on running means, whatever the query."""

    def __init__(self, table: Table) -> None:
        self._epsilon = table.tuning.epsilon
        self._rng = random.Random(table.seed)
        self._means = np.zeros(len(table.arms))
        self._counts = np.zeros(len(table.arms))

    def choose(self, _context: Floats, open_arms: Places, /) -> int:
        """See ``Player``; an arm never tried comes first."""
        if self._rng.random() < self._epsilon:
            return int(self._rng.choice(open_arms))
        return int(open_arms[self._index()[open_arms].argmax()])

    def learn(self, _context: Floats, arm: int, reward: float, /) -> None:
        """See ``Player``."""
        self._counts[arm] += 1.0
        self._means[arm] += (reward - self._means[arm]) / self._counts[arm]

    def _index(self) -> Floats:
        return np.where(self._counts > 0.0, self._means, np.inf)


class Ucb1Player(MeansPlayer):
    """UCB1 (Auer, Cesa-Bianchi and Fischer, 2002): ``mean + sqrt(2 ln t / n)``, whatever the query."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._epsilon = 0.0

    def _index(self) -> Floats:
        bonus = np.sqrt(2.0 * np.log(max(1.0, self._counts.sum())) / np.maximum(self._counts, 1.0))
        return np.asarray(super()._index() + bonus, dtype=np.float64)


class LinearPlayer:
    """A learner, an exploration rule and a selection: what the router of kind ``bandit`` is made of."""

    def __init__(self, table: Table, rule: ExplorationRule, rules: LearningRules, seen: Statistics) -> None:
        self._arms = table.arms
        self._rule = rule
        self._selection: Selection = Proportional() if isinstance(rule, ThompsonSampling) else Greedy()
        self._learner = LinearLearner(table.dims, rules, seen)
        self._rng = random.Random(table.seed)

    def choose(self, context: Floats, open_arms: Places) -> int:
        """See ``Player``."""
        found = self._learner.beliefs.estimate(context, [self._arms[place] for place in open_arms])
        scores = self._rule.scores(found, zlib.crc32(context.tobytes()))
        return int(open_arms[choose(self._selection.probabilities(scores.tolist()), self._rng)])

    def learn(self, context: Floats, arm: int, reward: float) -> None:
        """See ``Player``."""
        self._learner.observe(self._arms[arm], context, reward)


def _linucb(table: Table, rules: LearningRules, seen: Statistics = NOTHING_SEEN) -> Player:
    return LinearPlayer(table, UpperConfidence(table.tuning.alpha), rules, seen)


def _thompson(table: Table, rules: LearningRules, seen: Statistics = NOTHING_SEEN) -> Player:
    return LinearPlayer(table, ThompsonSampling(table.tuning.scale), rules, seen)


def _plain(table: Table) -> LearningRules:
    return LearningRules(ridge=table.tuning.ridge)


def _forgetful(table: Table) -> LearningRules:
    return LearningRules(ridge=table.tuning.ridge, discount=table.tuning.discount)


def _unpooled(table: Table) -> LearningRules:
    return LearningRules(ridge=table.tuning.ridge, prior="zero")


BEST_SINGLE: Final = "best_single"
RANDOM: Final = "random"
MEANS: Final = "epsilon_greedy"
REFERENCES: Final = (RANDOM, BEST_SINGLE, MEANS)
"""They always play, and everybody is compared with them."""
PLAYERS: Final[Mapping[str, Callable[[Table], Player]]] = {
    RANDOM: RandomPlayer,
    BEST_SINGLE: StaticPlayer,
    MEANS: MeansPlayer,
    "ucb1": Ucb1Player,
    "linucb": lambda table: _linucb(table, _plain(table)),
    "linucb_discounted": lambda table: _linucb(table, _forgetful(table)),
    "linucb_unpooled": lambda table: _linucb(table, _unpooled(table)),
    "linucb_warm": lambda table: _linucb(table, _plain(table), table.seen),
    "thompson": lambda table: _thompson(table, _plain(table)),
    "thompson_discounted": lambda table: _thompson(table, _forgetful(table)),
    "thompson_unpooled": lambda table: _thompson(table, _unpooled(table)),
    "thompson_warm": lambda table: _thompson(table, _plain(table), table.seen),
}
"""Players by name; the warm ones begin with all outcomes on train, as with an artifact."""
DESCRIPTIONS: Final[Mapping[str, str]] = {
    RANDOM: "any open arm",
    BEST_SINGLE: "the arm of the greatest mean reward on train",
    MEANS: "running means, looks at no query",
    "ucb1": "running means and confidence bounds, looks at no query",
    "linucb": "linear model per arm, upper confidence bound",
    "thompson": "linear model per arm, Thompson sampling",
    **{f"{name}_discounted": f"{name}, outcomes forgotten with age" for name in ("linucb", "thompson")},
    **{f"{name}_unpooled": f"{name}, unseen arms expected to be as the pool" for name in ("linucb", "thompson")},
    **{f"{name}_warm": f"{name}, beginning with all outcomes on train" for name in ("linucb", "thompson")},
}
