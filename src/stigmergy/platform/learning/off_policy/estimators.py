"""Importance sampling, the direct method and doubly robust estimates: what each episode adds to a weighted mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.platform.learning.off_policy.logged import Floats, LoggedEpisodes
from stigmergy.platform.learning.off_policy.outcome_model import ActionValues


@dataclass(frozen=True, slots=True)
class Evidence:
    """A log, the judged policy's cumulative ratios in it (E, H), and predicted values."""

    log: LoggedEpisodes
    ratios: Floats
    values: ActionValues


@dataclass(frozen=True, slots=True)
class Contributions:
    """An estimate is ``sum(above) / sum(below)``; both (E,)."""

    above: Floats
    below: Floats


def ips(evidence: Evidence) -> Contributions:
    """``sum w rho_H R / sum w``: R the return, w the inverse probability of being judged (Horvitz & Thompson 1952)."""
    log = evidence.log
    return Contributions(log.weights * evidence.ratios[:, -1] * returns(log), log.weights)


def snips(evidence: Evidence) -> Contributions:
    """``sum w rho_H R / sum w rho_H``: self-normalised (Swaminathan & Joachims 2015)."""
    log = evidence.log
    weights = log.weights * evidence.ratios[:, -1]
    return Contributions(weights * returns(log), weights)


def per_decision_ips(evidence: Evidence) -> Contributions:
    """``sum w sum_h rho_h r_h / sum w``: a reward is weighted by what led to it only (Precup et al. 2000)."""
    log = evidence.log
    rewards = np.where(log.alive, log.rewards, 0.0)
    return Contributions(log.weights * (evidence.ratios * rewards).sum(axis=1), log.weights)


def direct(evidence: Evidence) -> Contributions:
    """``sum w V(s_0) / sum w``. Its intervals do not cover what the model gets wrong: never for decisions."""
    log = evidence.log
    return Contributions(log.weights * evidence.values.state[:, 0], log.weights)


def doubly_robust(evidence: Evidence) -> Contributions:
    """``V(s_0) + sum_h rho_h (r_h + V(s_{h+1}) - Q(s_h, a_h))``, weighted by w (Jiang & Li 2016)."""
    log, values = evidence.log, evidence.values
    following = np.concatenate((values.state[:, 1:], np.zeros((len(log.actions), 1))), axis=1)
    surprise = np.where(log.alive, log.rewards + following - log.taken(values.worth), 0.0)
    corrected = values.state[:, 0] + (evidence.ratios * surprise).sum(axis=1)
    return Contributions(log.weights * corrected, log.weights)


def as_logged(log: LoggedEpisodes) -> Contributions:
    """The logging policy's own mean return."""
    return Contributions(log.weights * returns(log), log.weights)


def returns(log: LoggedEpisodes) -> Floats:
    """The sum of an episode's rewards, shape (E,)."""
    return np.asarray(np.where(log.alive, log.rewards, 0.0).sum(axis=1), dtype=np.float64)


ESTIMATORS: Final[Mapping[str, Callable[[Evidence], Contributions]]] = {
    "ips": ips,
    "snips": snips,
    "per_decision_ips": per_decision_ips,
    "direct": direct,
    "doubly_robust": doubly_robust,
}
DECIDING: Final = "doubly_robust"
"""The estimate that decisions are made on."""
