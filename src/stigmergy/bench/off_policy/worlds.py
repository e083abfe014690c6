"""Worlds whose logs can be drawn again and again, and in which the value of a policy is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.off_policy.logged import Floats, LoggedEpisodes

_TRUTH_QUERIES: Final = 400_000
_PER_QUERY: Final = 2


@dataclass(frozen=True, slots=True)
class Drawn:
    """A log, and the judged policy's probabilities at its decisions, shape (E, H, A)."""

    log: LoggedEpisodes
    target: Floats


class World(Protocol):
    """Draws logs of which the truth is known."""

    @property
    def name(self) -> str:
        """For a person."""
        ...

    def draw(self, episodes: int, rng: np.random.Generator) -> Drawn:
        """A log of so many episodes, two of each query."""
        ...

    def truth(self) -> float:
        """What the judged policy is worth."""
        ...


@dataclass(frozen=True, slots=True)
class Choices:
    """One decision: success is Bernoulli with ``sigmoid`` of a bilinear form in the features, so no line fits it.

    Logged by a softmax over a poor guess of the worth; judged is a softmax over the true worth, ``sharpness`` steep.
    """

    name: str = "one choice"
    sharpness: float = 3.0
    features: int = 4
    actions: int = 5
    world_seed: int = 7

    def draw(self, episodes: int, rng: np.random.Generator) -> Drawn:
        """See ``World``."""
        clusters = np.arange(episodes) // _PER_QUERY
        seen = rng.normal(size=(int(clusters.max()) + 1, self.features))[clusters]
        worth, guess = self._worth(seen)
        behaviour = _softmax(guess)
        actions = _sample(behaviour, rng)
        rewards = (rng.random(episodes) < worth[np.arange(episodes), actions]).astype(np.float64)
        log = LoggedEpisodes(
            features=seen[:, None],
            feasible=np.ones((episodes, 1, self.actions), dtype=np.bool_),
            behaviour=behaviour[:, None],
            actions=actions[:, None],
            decided=np.ones((episodes, 1), dtype=np.bool_),
            rewards=rewards[:, None],
            hops=np.ones(episodes, dtype=np.intp),
            clusters=clusters,
            weights=np.ones(episodes),
        )
        return Drawn(log, _softmax(self.sharpness * worth)[:, None])

    def truth(self) -> float:
        """See ``World``; by Monte Carlo over contexts, with the success probabilities known."""
        seen = np.random.default_rng(self.world_seed + 1).normal(size=(_TRUTH_QUERIES, self.features))
        worth, _ = self._worth(seen)
        return float((_softmax(self.sharpness * worth) * worth).sum(axis=1).mean())

    def _worth(self, seen: Floats) -> tuple[Floats, Floats]:
        rng = np.random.default_rng(self.world_seed)
        linear = rng.normal(size=(self.features, self.actions))
        crossed = rng.normal(size=(self.features, self.actions))
        worth = 1.0 / (1.0 + np.exp(-(seen @ linear + (seen**2) @ crossed - crossed.sum(axis=0))))
        return worth, 0.5 * seen @ linear


@dataclass(frozen=True, slots=True)
class Paths:
    """Three hops; each action moves the chance of success, the last hop pays it, and every hop costs a little.

    In one episode of ten a hop is forced, which no policy decides: it belongs to the world.
    """

    name: str = "three hops"
    sharpness: float = 0.6
    hops: int = 3
    actions: int = 3
    world_seed: int = 11
    forced: float = 0.1
    _cost: Floats = field(default_factory=lambda: np.array([0.0, 0.02, 0.05]))

    def draw(self, episodes: int, rng: np.random.Generator) -> Drawn:
        """See ``World``."""
        clusters = np.arange(episodes) // _PER_QUERY
        hardness = rng.normal(size=int(clusters.max()) + 1)[clusters]
        walk = self._walk(hardness, rng, self._behaviour)
        log = LoggedEpisodes(
            features=walk.features,
            feasible=np.ones((episodes, self.hops, self.actions), dtype=np.bool_),
            behaviour=walk.probabilities,
            actions=walk.actions,
            decided=walk.decided,
            rewards=walk.rewards,
            hops=np.full(episodes, self.hops, dtype=np.intp),
            clusters=clusters,
            weights=np.ones(episodes),
        )
        return Drawn(log, np.stack([self._target(walk.features[:, hop]) for hop in range(self.hops)], axis=1))

    def truth(self) -> float:
        """See ``World``; by Monte Carlo."""
        rng = np.random.default_rng(self.world_seed + 1)
        walk = self._walk(rng.normal(size=_TRUTH_QUERIES), rng, self._target)
        return float(walk.rewards.sum(axis=1).mean())

    def _walk(self, hardness: Floats, rng: np.random.Generator, policy: _Policy) -> _Walk:
        episodes = len(hardness)
        skill = np.zeros(episodes)
        walk = _Walk.empty(episodes, self.hops, self.actions)
        for hop in range(self.hops):
            walk.features[:, hop] = np.stack((hardness, skill, np.full(episodes, float(hop))), axis=1)
            walk.probabilities[:, hop] = policy(walk.features[:, hop])
            walk.decided[:, hop] = rng.random(episodes) >= self.forced
            chosen = _sample(walk.probabilities[:, hop], rng)
            walk.actions[:, hop] = np.where(walk.decided[:, hop], chosen, self.actions - 1)
            skill = skill + 0.6 * walk.actions[:, hop] - 0.3
            walk.rewards[:, hop] = -self._cost[walk.actions[:, hop]]
        solved = rng.random(episodes) < 1.0 / (1.0 + np.exp(hardness - skill))
        walk.rewards[:, -1] += solved
        return walk

    def _behaviour(self, seen: Floats) -> Floats:
        return _softmax(np.outer(0.3 * seen[:, 0], np.arange(self.actions)))

    def _target(self, seen: Floats) -> Floats:
        return _softmax(self.sharpness * np.outer(0.5 + seen[:, 0] - 0.5 * seen[:, 1], np.arange(self.actions)))


class _Policy(Protocol):
    def __call__(self, seen: Floats, /) -> Floats: ...


@dataclass(frozen=True, slots=True)
class _Walk:
    features: Floats
    probabilities: Floats
    actions: NDArray[np.intp]
    decided: NDArray[np.bool_]
    rewards: Floats

    @classmethod
    def empty(cls, episodes: int, hops: int, actions: int) -> _Walk:
        return cls(
            np.zeros((episodes, hops, 3)),
            np.zeros((episodes, hops, actions)),
            np.zeros((episodes, hops), dtype=np.intp),
            np.ones((episodes, hops), dtype=np.bool_),
            np.zeros((episodes, hops)),
        )


def _softmax(scores: Floats) -> Floats:
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True), dtype=np.float64)


def _sample(probabilities: Floats, rng: np.random.Generator) -> NDArray[np.intp]:
    drawn = rng.random((len(probabilities), 1)) > np.cumsum(probabilities, axis=1)
    return np.asarray(np.minimum(drawn.sum(axis=1), probabilities.shape[1] - 1), dtype=np.intp)
