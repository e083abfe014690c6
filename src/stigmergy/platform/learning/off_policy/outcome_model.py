"""What each action is worth, predicted from the log: the direct part of doubly robust estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.off_policy.logged import Floats, LoggedEpisodes

FOLDS: Final = 5
_PENALTY: Final = 10.0


@dataclass(frozen=True, slots=True)
class ActionValues:
    """``worth``: predicted return from each hop on for each action (E, H, A); of queries the model did not learn from.

    ``state``: the mean of ``worth`` under the judged policy, (E, H); 0 past an episode's end.
    """

    worth: Floats
    state: Floats


def cross_fitted_values(log: LoggedEpisodes, target: Floats, rng: np.random.Generator) -> ActionValues:
    """Fitted Q evaluation, last hop first, each query predicted by models of the other folds.

    ``Q_h(s, a)`` regresses ``r_h + V_{h+1}(s')`` on the features by ridge, one model per action with the mean of all
    actions as prior; ``V_h(s) = sum_a pi(a | s) Q_h(s, a)``. A hop that no router decided is worth what followed it.
    Source: Le, Voloshin & Yue (2019); cross-fitting: Chernozhukov et al. (2018).
    """
    fold_of_cluster = rng.integers(FOLDS, size=int(log.clusters.max()) + 1)
    folds = fold_of_cluster[log.clusters]
    worth = np.zeros(log.behaviour.shape)
    state = np.zeros(log.actions.shape)
    for fold in np.unique(folds):
        inside, outside = folds != fold, folds == fold
        if not inside.any():
            inside = outside
        found = _backwards(log, target, inside)
        worth[outside], state[outside] = found.worth[outside], found.state[outside]
    return ActionValues(worth, state)


def _backwards(log: LoggedEpisodes, target: Floats, inside: NDArray[np.bool_]) -> ActionValues:
    worth: Floats = np.zeros(log.behaviour.shape)
    state: Floats = np.zeros(log.actions.shape)
    alive = log.alive
    following = np.zeros(len(log.actions))
    for hop in reversed(range(log.actions.shape[1])):
        here = alive[:, hop]
        realised = log.rewards[:, hop] + following
        learnt = np.flatnonzero(here & inside)
        if len(learnt):
            worth[:, hop] = _predict(
                log.features[:, hop],
                log.features[learnt, hop],
                log.actions[learnt, hop],
                realised[learnt],
                worth.shape[2],
            )
        expected = (target[:, hop] * worth[:, hop]).sum(axis=1)
        forced = log.taken(worth)[:, hop]
        state[:, hop] = np.where(here, np.where(log.decided[:, hop], expected, forced), 0.0)
        following = state[:, hop]
    return ActionValues(worth, state)


def _predict(features: Floats, seen: Floats, actions: NDArray[np.intp], values: Floats, count: int) -> Floats:
    """Predictions for all rows and actions, shape (E, A)."""
    design, learnt = _with_one(features), _with_one(seen)
    shared = _ridge(learnt, values, np.zeros(design.shape[1]))
    columns = []
    for action in range(count):
        rows = actions == action
        own = _ridge(learnt[rows], values[rows], shared) if rows.any() else shared
        columns.append(design @ own)
    return np.stack(columns, axis=1)


def _ridge(design: Floats, values: Floats, prior: Floats) -> Floats:
    """``argmin |X b - y|^2 + penalty |b - prior|^2``; the constant of the prior is held as loosely as the rest."""
    gram = design.T @ design + _PENALTY * np.eye(design.shape[1])
    return np.asarray(prior + np.linalg.solve(gram, design.T @ (values - design @ prior)), dtype=np.float64)


def _with_one(features: Floats) -> Floats:
    return np.concatenate((np.ones((len(features), 1)), features), axis=1)
