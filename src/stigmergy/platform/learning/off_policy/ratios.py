"""How much likelier the judged policy makes what was done, and how much evidence is left of that."""

from __future__ import annotations

import numpy as np

from stigmergy.platform.learning.off_policy.logged import Floats, LoggedEpisodes


def cumulative_ratios(log: LoggedEpisodes, target: Floats, clip: float = np.inf) -> Floats:
    """``rho_h = min(clip, prod_{j <= h} pi(a_j | s_j) / mu(a_j | s_j))`` over the hops that a router decided; (E, H).

    Past an episode's end its last value stands. Clipping trades variance for bias towards what was logged.
    """
    counted = log.alive & log.decided
    behaviour = np.where(counted, log.taken(log.behaviour), 1.0)
    ratios = np.where(counted, log.taken(target) / behaviour, 1.0)
    return np.asarray(np.minimum(np.cumprod(ratios, axis=1), clip), dtype=np.float64)


def effective_sample_size(log: LoggedEpisodes, ratios: Floats) -> float:
    """``(sum w)^2 / sum w^2`` over queries, w = a query's ratios at the last hop, weighted and added up (Kish 1965)."""
    per_query = np.bincount(log.clusters, weights=log.weights * ratios[:, -1])
    squares = float(np.square(per_query).sum())
    return float(per_query.sum()) ** 2 / squares if squares else 0.0


def unsupported_share(log: LoggedEpisodes, target: Floats) -> float:
    """How much of what the judged policy would do at the logged decisions the logging policy never does; in [0, 1]."""
    counted = log.alive & log.decided
    stray = np.where(log.behaviour > 0.0, 0.0, target).sum(axis=2)
    return float(stray[counted].mean()) if counted.any() else 0.0
