"""Episodes as arrays: what was decided, with which probability, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import UnusableLog

Floats = NDArray[np.float64]
_ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEpisodes:
    """E episodes of at most H hops over A actions; what lies past an episode's last hop is not looked at.

    Attributes:
        features: what was seen before each hop, shape (E, H, D).
        feasible: which actions the mask allowed, shape (E, H, A).
        behaviour: with which probability the logging policy took each, shape (E, H, A); rows sum to one.
        actions: which was taken, shape (E, H).
        decided: whether a router decided the hop, shape (E, H). What healing or a retry decided is environment.
        rewards: reward that came with each hop, shape (E, H).
        hops: how many hops each episode has, at least 1, shape (E,).
        clusters: from 0; episodes of one query share a number, shape (E,).
        weights: inverse probability that the episode was judged, shape (E,).
    """

    features: Floats
    feasible: NDArray[np.bool_]
    behaviour: Floats
    actions: NDArray[np.intp]
    decided: NDArray[np.bool_]
    rewards: Floats
    hops: NDArray[np.intp]
    clusters: NDArray[np.intp]
    weights: Floats

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_values(self)

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Which hops belong to their episode, shape (E, H)."""
        return np.asarray(np.arange(self.actions.shape[1]) < self.hops[:, None], dtype=np.bool_)

    def taken(self, per_action: Floats) -> Floats:
        """The values of the actions that were taken: (E, H, A) -> (E, H)."""
        return np.asarray(np.take_along_axis(per_action, self.actions[..., None], axis=2)[..., 0], dtype=np.float64)


def one_hop(
    *,
    features: Floats,
    behaviour: Floats,
    actions: NDArray[np.intp],
    rewards: Floats,
    clusters: NDArray[np.intp],
) -> LoggedEpisodes:
    """Episodes of one decision each, all judged: features (E, D), behaviour (E, A), the rest (E,)."""
    episodes = len(actions)
    return LoggedEpisodes(
        features=features[:, None, :],
        feasible=(behaviour > 0.0)[:, None, :],
        behaviour=behaviour[:, None, :],
        actions=actions[:, None],
        decided=np.ones((episodes, 1), dtype=np.bool_),
        rewards=rewards[:, None],
        hops=np.ones(episodes, dtype=np.intp),
        clusters=clusters,
        weights=np.ones(episodes),
    )


def check_target(log: LoggedEpisodes, target: Floats) -> None:
    """Refuse probabilities of a policy to be judged that do not fit the log.

    Raises:
        UnusableLog: says which episode and hop.
    """
    if target.shape != log.behaviour.shape:
        raise UnusableLog("target", f"shape {target.shape}; the log has {log.behaviour.shape}")
    _check_distribution("target", log, target)
    _refuse("target", log.alive & ((target > 0.0) & ~log.feasible).any(axis=2), "it takes what the mask forbids")


def _check_shapes(log: LoggedEpisodes) -> None:
    if not len(log.actions):
        raise UnusableLog("actions", "there are no episodes")
    pairs, whole = log.actions.shape, log.behaviour.shape
    expected = {
        "decided": pairs,
        "rewards": pairs,
        "behaviour": (*pairs, whole[-1]),
        "feasible": whole,
        "features": (*pairs, log.features.shape[-1]),
        **dict.fromkeys(("hops", "clusters", "weights"), pairs[:1]),
    }
    for name, shape in expected.items():
        if getattr(log, name).shape != shape:
            raise UnusableLog(name, f"shape {getattr(log, name).shape} where {shape} is expected")


def _check_values(log: LoggedEpisodes) -> None:
    alive = log.alive
    outside = (log.actions < 0) | (log.actions >= log.behaviour.shape[2])
    _refuse("actions", outside, "no such action")
    _refuse("rewards", alive & ~np.isfinite(log.rewards), "a failed call has no reward: leave it out or mark it")
    _refuse("features", alive & ~np.isfinite(log.features).all(axis=2), "not a number")
    _check_distribution("behaviour", log, log.behaviour)
    impossible = alive & log.decided & (log.taken(log.behaviour) <= 0.0)
    _refuse("behaviour", impossible, "an action was taken that has probability 0")
    _refuse("weights", ~(np.isfinite(log.weights) & (log.weights >= 1.0)), "an inverse probability is at least 1")
    _refuse("hops", (log.hops < 1) | (log.hops > log.actions.shape[1]), "more or fewer hops than there is room for")


def _check_distribution(name: str, log: LoggedEpisodes, probabilities: Floats) -> None:
    wrong = (probabilities < 0.0).any(axis=2) | (np.abs(probabilities.sum(axis=2) - 1.0) > _ROUNDING)
    _refuse(name, (wrong | np.isnan(probabilities).any(axis=2)) & log.alive & log.decided, "it does not add up to 1")


def _refuse(name: str, wrong: NDArray[np.bool_], reason: str) -> None:
    if wrong.any():
        place = tuple(int(at) for at in np.argwhere(wrong)[0])
        raise UnusableLog(name, f"episode {place[0]}{f', hop {place[1]}' if len(place) > 1 else ''}: {reason}")
