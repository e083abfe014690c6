"""Steps of a dataset, or of a store, as episodes to estimate from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.off_policy.logged import Floats, LoggedEpisodes
from stigmergy.platform.learning.rl.rewards import RewardTerms
from stigmergy.platform.learning.rl.steps import Steps
from stigmergy.platform.learning.rl.transitions import rewards_of
from stigmergy.routers.observation import ObservationSpec, encode


def logged_from(spec: ObservationSpec, steps: Steps, terms: RewardTerms) -> LoggedEpisodes:
    """E episodes of at most H hops over the spec's actions, in the order of the steps (at least one).

    Steps of episodes that were cut off, or relabelled, do not belong here.
    """
    place = _Places(steps)
    decided = steps.decided_by.astype(str) == "router"
    weights = np.maximum.reduceat(steps.weight, place.starts).astype(np.float64)
    return LoggedEpisodes(
        features=place.grid(encode(spec, steps.seen).astype(np.float64)),
        feasible=place.grid(steps.seen.feasible),
        behaviour=place.grid(_adding_up(steps.probabilities)),
        actions=place.grid(steps.action.astype(np.intp)),
        decided=place.grid(decided),
        rewards=place.grid(rewards_of(steps, terms).astype(np.float64)),
        hops=place.hops,
        clusters=np.unique(steps.cluster[place.starts].astype(str), return_inverse=True)[1].astype(np.intp),
        weights=np.maximum(weights, 1.0),
    )


def target_from(steps: Steps, probabilities: Floats) -> Floats:
    """Probabilities of a policy at every step, shape (n, A), as ``judge`` takes them: (E, H, A)."""
    return _Places(steps).grid(_adding_up(probabilities))


class _Places:
    """Which episode and hop each step is of."""

    def __init__(self, steps: Steps) -> None:
        self.starts = np.flatnonzero(steps.first)
        self.hops = np.diff(self.starts, append=len(steps)).astype(np.intp)
        self._episode = np.cumsum(steps.first) - 1
        self._hop = np.arange(len(steps)) - self.starts[self._episode]

    def grid(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of n steps, shape (n, ...), in a grid (E, H, ...) of zeros."""
        made = np.zeros((len(self.starts), int(self.hops.max()), *values.shape[1:]), dtype=values.dtype)
        made[self._episode, self._hop] = values
        return made


def _adding_up(probabilities: NDArray[Any]) -> Floats:
    """Stored as 32-bit floats, they add up to one no more closely than that."""
    exact = probabilities.astype(np.float64)
    return np.asarray(exact / exact.sum(axis=1, keepdims=True), dtype=np.float64)
