"""Who predicts what new arms do: each is given the same probes, and makes of them what it can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from stigmergy.platform.learning.cold_start.newcomers import Newcomers
from stigmergy.routers.estimators.base import Estimator, Fitted, Matrix, Outcomes, Queries
from stigmergy.routers.estimators.centroid import Centroid
from stigmergy.routers.estimators.means import FittedMeans, arm_means
from stigmergy.routers.estimators.nearest import Nearest
from stigmergy.routers.estimators.per_task import PerTask
from stigmergy.routers.estimators.ridge import Ridge
from stigmergy.routers.estimators.views import NGRAMS
from stigmergy.routers.gnn.estimator import Gnn

Meet: TypeAlias = Callable[[Newcomers], Fitted]
Features: TypeAlias = Callable[[Queries, Outcomes], Matrix]


class ShrunkenMeans:
    """``(sum of the arm's outcomes + 4 x the mean of all arms) / (their number + 4)``: for twenty probes, a fair guess.

    Costs are plain means: they hardly scatter, and shrinking would move a dear arm's price.
    """

    def fit(self, queries: Queries, outcomes: Outcomes) -> FittedMeans:  # noqa: ARG002 - the contract's signature
        """See ``Estimator``."""
        means, counts = arm_means(outcomes.quality), (~np.isnan(outcomes.quality)).sum(axis=0)
        shrunken = (counts * means + _STRENGTH * means.mean()) / (counts + _STRENGTH)
        return FittedMeans(shrunken.astype(np.float32), arm_means(outcomes.cost))


_STRENGTH: Final = 4.0


@dataclass(frozen=True, slots=True)
class Contestant:
    """``meet`` fits; ``telling`` gives features to choose probes by (None: they are drawn, the same for all)."""

    meet: Meet
    description: str
    telling: Features | None = None


def _fitted(estimator: Estimator) -> Meet:
    return lambda met: estimator.fit(met.queries, met.outcomes)


def _gnn(met: Newcomers) -> Fitted:
    """Trained without the new arms, then given their probes: no weight changes."""
    return Gnn().fit(met.queries, met.without_new()).on(met.queries, met.outcomes)


def _vectors(queries: Queries, outcomes: Outcomes) -> Matrix:  # noqa: ARG001 - the contract's signature
    return queries.view(NGRAMS)


def _differences(queries: Queries, outcomes: Outcomes) -> Matrix:  # noqa: ARG001 - the contract's signature
    """What known arms did, less their means, and the constant."""
    surplus = outcomes.quality - outcomes.quality.mean(axis=0)
    return np.concatenate((np.ones((len(surplus), 1), dtype=np.float32), surplus), axis=1)


CONTESTANTS: Final[Mapping[str, Contestant]] = {
    "nearest": Contestant(_fitted(Nearest()), "nearest neighbours, given the probes"),
    "nearest_shrunken": Contestant(_fitted(Nearest(prior=ShrunkenMeans())), "the same, shrunk towards shrunken means"),
    "ridge": Contestant(_fitted(Ridge()), "ridge regression, given the probes"),
    "ridge_shrunken": Contestant(_fitted(Ridge(prior=ShrunkenMeans())), "the same, on shrunken means"),
    "best_per_task": Contestant(_fitted(PerTask()), "means per task; sees the task"),
    "centroid": Contestant(_fitted(Centroid()), "one profile per arm"),
    "means": Contestant(_fitted(ShrunkenMeans()), "shrunken means alone: looks at no query"),
    "gnn": Contestant(_gnn, "graph neural network, trained without the new arms, given the probes"),
    "nearest_chosen": Contestant(_fitted(Nearest()), "nearest neighbours; probes chosen D-optimally by text", _vectors),
    "gnn_chosen": Contestant(_gnn, "the network; probes chosen D-optimally by what known arms did", _differences),
}
