"""The contract of an estimator of arms, and what it sees.

An *arm* is one agent (or one fixed path) that was logged on many queries. An estimator is fitted on the outcomes of
some queries and predicts, for others, the quality and the cost of every arm; ``trade_off`` turns predictions into
choices. To add one: write a class with ``fit``, and name it in ``estimators.catalog``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import TaskType
from stigmergy.errors import MissingView
from stigmergy.routers.estimators.kin import Kin, Rows

Matrix: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Queries as estimators see them: Q texts, their task types, and their vectors in one or more views.

    ``tasks`` is for estimators that say so in their name or description: not every deployment knows it.
    ``views``: name of a view to a matrix of shape (Q, dimensions). ``kin`` spares looking for neighbours again
    where a log is split many times; it changes nothing that is found.
    """

    texts: tuple[str, ...]
    tasks: tuple[TaskType, ...]
    views: Mapping[str, Matrix]
    kin: Kin | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def view(self, name: str) -> Matrix:
        """The vectors of one view, shape (Q, dimensions).

        Raises:
            MissingView: these queries were not embedded that way.
        """
        try:
            return self.views[name]
        except KeyError:
            raise MissingView(name, tuple(self.views)) from None

    def take(self, rows: Rows) -> Queries:
        """Some of the queries, in the order of ``rows``."""
        places = np.arange(len(self))[rows].tolist()
        return Queries(
            texts=tuple(map(self.texts.__getitem__, places)),
            tasks=tuple(map(self.tasks.__getitem__, places)),
            views={name: vectors[places] for name, vectors in self.views.items()},
            kin=None if self.kin is None else self.kin.take(places),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What arms did on queries. NaN: not run there, or its cost is not known.

    ``quality`` in [0, 1] and ``cost`` in USD have the shape (Q, A); ``arms`` names the columns.
    """

    arms: tuple[str, ...]
    quality: Matrix
    cost: Matrix

    def take(self, rows: Rows) -> Outcomes:
        """The outcomes on some of the queries."""
        return Outcomes(arms=self.arms, quality=self.quality[rows], cost=self.cost[rows])


@dataclass(frozen=True, slots=True)
class Predictions:
    """Expected quality and cost in USD of every arm on every query, both of shape (Q, A), without NaN."""

    quality: Matrix
    cost: Matrix


class Fitted(Protocol):
    """An estimator that has learnt."""

    def predict(self, queries: Queries) -> Predictions:
        """Predict for at least one query; thread-safe, and pure but for a generator given when it was built."""
        ...


class Estimator(Protocol):
    """How to learn from outcomes. Its settings are fixed; ``fit`` changes nothing in it."""

    def fit(self, queries: Queries, outcomes: Outcomes) -> Fitted:
        """Learn from at least one query. Whatever is tuned is tuned inside these queries alone."""
        ...
