"""A policy's value and its gain over what was logged, with intervals; or the reason why the log does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from stigmergy.platform.learning.evaluation.bootstrap import SAMPLES, Interval, interval, query_weights
from stigmergy.platform.learning.off_policy.estimators import ESTIMATORS, Contributions, Evidence, as_logged
from stigmergy.platform.learning.off_policy.logged import Floats, LoggedEpisodes, check_target
from stigmergy.platform.learning.off_policy.outcome_model import cross_fitted_values
from stigmergy.platform.learning.off_policy.ratios import (
    cumulative_ratios,
    effective_sample_size,
    unsupported_share,
)

LEAST_SAMPLE: Final = 100.0
MOST_UNSUPPORTED: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the log says about a policy.

    ``refused`` says why it tells nothing; ``values`` and ``gains`` (over the logging policy, paired) are empty then.
    """

    effective_sample_size: float
    unsupported: float
    logged: Interval
    values: Mapping[str, Interval] = field(default_factory=dict)
    gains: Mapping[str, Interval] = field(default_factory=dict)
    refused: str = ""


def judge(log: LoggedEpisodes, target: Floats, *, seed: int, clip: float = np.inf, samples: int = SAMPLES) -> Judgement:
    """Estimate what ``target`` (E, H, A), probabilities at every logged hop, would have been worth.

    Intervals: 95 %, bootstrap over queries with all their episodes; the outcome model is not fitted again.

    Raises:
        UnusableLog: the probabilities do not fit the log.
    """
    check_target(log, target)
    weightings = query_weights(int(log.clusters.max()) + 1, samples, seed).astype(np.float64)
    ratios = cumulative_ratios(log, target, clip)
    size, stray = effective_sample_size(log, ratios), unsupported_share(log, target)
    logged = _resampled(log, as_logged(log), weightings)
    found = Judgement(effective_sample_size=size, unsupported=stray, logged=_interval(logged))
    refused = _refusal(size, stray)
    if refused:
        return replace(found, refused=refused)
    evidence = Evidence(log, ratios, cross_fitted_values(log, target, np.random.default_rng(seed)))
    resampled = {name: _resampled(log, estimate(evidence), weightings) for name, estimate in ESTIMATORS.items()}
    return replace(
        found,
        values={name: _interval(each) for name, each in resampled.items()},
        gains={name: _interval(each - logged) for name, each in resampled.items()},
    )


def _refusal(size: float, stray: float) -> str:
    if stray > MOST_UNSUPPORTED:
        return (
            f"{stray:.1%} of what the policy does was never tried (at most {MOST_UNSUPPORTED:.0%} may be): "
            f"let the selection explore"
        )
    if size < LEAST_SAMPLE:
        return (
            f"the effective sample is {size:.0f} queries, less than {LEAST_SAMPLE:.0f}: "
            f"log more episodes, or judge a policy nearer to the one that was logged"
        )
    return ""


def _resampled(log: LoggedEpisodes, parts: Contributions, weightings: Floats) -> Floats:
    """The estimate under every weighting of the queries, shape (S,)."""
    count = weightings.shape[1]
    above, below = (np.bincount(log.clusters, weights=each, minlength=count) for each in (parts.above, parts.below))
    mass = weightings @ below
    shares = np.divide(weightings @ above, mass, out=np.full(len(mass), np.nan), where=mass > 0.0)
    return np.asarray(shares, dtype=np.float64)


def _interval(values: Floats) -> Interval:
    found = interval(values)
    if found is None:  # no mass at all: the effective sample is zero, which was refused before
        return Interval(np.nan, np.nan, np.nan)
    return found
