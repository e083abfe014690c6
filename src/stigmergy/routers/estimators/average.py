"""The mean of several estimators: their errors differ, and part of them cancels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stigmergy.routers.estimators.base import Estimator, Fitted, Outcomes, Predictions, Queries


@dataclass(frozen=True, slots=True)
class FittedAverage:
    """At least one member."""

    members: tuple[Fitted, ...]

    def predict(self, queries: Queries) -> Predictions:
        """See ``Fitted``."""
        found = [member.predict(queries) for member in self.members]
        return Predictions(
            np.mean([each.quality for each in found], axis=0), np.mean([each.cost for each in found], axis=0)
        )


class Average:
    """Predicts the plain mean of what its members predict; no weights that could be learnt wrong."""

    def __init__(self, members: Sequence[Estimator]) -> None:
        self._members = tuple(members)

    def fit(self, queries: Queries, outcomes: Outcomes) -> FittedAverage:
        """See ``Estimator``."""
        return FittedAverage(tuple(member.fit(queries, outcomes) for member in self._members))
