"""Steps as learners read them: encoded, rewarded, with what came next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.rl.rewards import RewardTerms
from stigmergy.platform.learning.rl.steps import Steps, failed
from stigmergy.routers.observation import NO_LIMIT, Floats, Money, ObservationSpec, Places, Situations, encode

RLLIB_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "obs": "observation",
        "new_obs": "next_observation",
        "actions": "action",
        "rewards": "reward",
        "terminateds": "terminated",
        "truncateds": "truncated",
        "eps_id": "episode",
        "t": "hop",
    }
)
"""What RLlib calls our columns: the ``input_read_schema`` of its offline data.

It takes every other column that is read as an output of the module, so read only those that are numbers.
"""


@dataclass(frozen=True, slots=True)
class Transitions:
    """Columns of n transitions, all of length n; those of an episode in a row and in order.

    ``observation, next_observation`` (n, size; the mask lies in them, at ``spec.mask``), ``action, action_mask,
    reward, return_to_go`` (undiscounted sum of rewards from the hop on), ``propensity, log_propensity, probabilities,
    budget, budget_left, charged`` (nano-dollars; -1: no limit), ``quality, terminated, truncated, episode, hop,
    cluster, split, decided_by, outcome, weight, relabelled``.
    """

    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]


def make_transitions(spec: ObservationSpec, steps: Steps, terms: RewardTerms) -> Transitions:
    """Encode and reward steps. Behind the last hop of an episode comes a situation in which nothing is feasible."""
    observation = encode(spec, steps.seen)
    reward = rewards_of(steps, terms)
    propensity = steps.probabilities[np.arange(len(steps)), steps.action]
    unlimited = steps.seen.budget == NO_LIMIT
    return Transitions(
        {
            "observation": observation,
            "next_observation": _following(spec, steps, observation),
            "action": steps.action,
            "action_mask": steps.seen.feasible,
            "reward": reward,
            "return_to_go": returns_to_go(reward, steps),
            "propensity": propensity,
            "log_propensity": np.log(np.maximum(propensity, np.finfo(np.float32).tiny)),
            "probabilities": steps.probabilities,
            "budget": steps.seen.budget,
            "budget_left": np.where(unlimited, NO_LIMIT, steps.seen.budget - steps.seen.spent),
            "charged": steps.charged,
            "hop": _places(steps),
            **{name: getattr(steps, name) for name in _AS_THEY_ARE},
        }
    )


_AS_THEY_ARE: Final = (
    *("quality", "terminated", "truncated", "episode", "cluster", "split"),
    *("decided_by", "outcome", "weight", "relabelled"),
)


def rewards_of(steps: Steps, terms: RewardTerms) -> Floats:
    """One reward per hop, shape (n,)."""
    quality = np.where(steps.terminated, steps.quality, np.nan).astype(np.float32)
    return terms.of(steps.charged, quality, failed(steps), steps.seen.mixture)


def returns_to_go(reward: Floats, steps: Steps) -> Floats:
    """The sum of rewards from each hop to the end of its episode, shape (n,)."""
    if not len(reward):
        return reward
    total = np.concatenate(([0.0], np.cumsum(reward, dtype=np.float64)))
    ends = np.flatnonzero(steps.last)
    end_of = ends[np.cumsum(steps.first) - 1]
    return np.asarray(total[end_of + 1] - total[:-1], dtype=np.float32)


def _places(steps: Steps) -> Places:
    """The how-many-eth of its episode each hop is, from 0."""
    rows = np.arange(len(steps))
    return np.asarray(rows - np.maximum.accumulate(np.where(steps.first, rows, 0)), dtype=np.int64)


def _following(spec: ObservationSpec, steps: Steps, observation: Floats) -> Floats:
    following, last = np.empty_like(observation), np.flatnonzero(steps.last)
    following[:-1] = observation[1:]
    following[last] = encode(spec, behind(steps.take(last)))
    return following


def behind(steps: Steps) -> Situations:
    """The situations in which episodes ended behind these hops: nothing is feasible there."""
    nothing = np.zeros_like(steps.seen.feasible)
    stayed = failed(steps)
    return replace(
        steps.seen,
        position=np.where(stayed, steps.seen.position, 1 + steps.action),
        feasible=nothing,
        healthy=nothing,
        spent=_added(steps.seen.spent, steps.charged),
        committed=steps.seen.committed + ~stayed,
    )


def _added(spent: Money, charged: Money) -> Money:
    return np.asarray(spent + charged, dtype=np.int64)
