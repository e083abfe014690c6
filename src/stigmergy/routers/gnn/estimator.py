"""The network as an estimator that replay evaluation judges."""

from __future__ import annotations

from dataclasses import dataclass

from stigmergy.routers.estimators.base import Outcomes, Predictions, Queries
from stigmergy.routers.estimators.views import NGRAMS
from stigmergy.routers.gnn.scorer import GnnScorer, build_log, make_scorer, train_scorer
from stigmergy.routers.gnn.training import GnnTraining


@dataclass(frozen=True, slots=True)
class FittedGnn:
    """A scorer on one view of the queries."""

    view: str
    scorer: GnnScorer

    def predict(self, queries: Queries) -> Predictions:
        """See ``Fitted``."""
        found = self.scorer.predict(queries.view(self.view))
        return Predictions(found.quality, found.cost)

    def on(self, queries: Queries, outcomes: Outcomes) -> FittedGnn:
        """The same network over another log, whose agents it need not have seen: cold start without training."""
        log = build_log(queries, self.view, outcomes, outcomes.arms)
        return FittedGnn(self.view, make_scorer(outcomes.arms, self.scorer.network, log))


class Gnn:
    """Trains the network; arms are described by their names. Task types of the learning queries are seen.

    Args:
        view: which vectors.
        settings: of the training.
    """

    def __init__(self, view: str = NGRAMS, settings: GnnTraining | None = None) -> None:
        self._view = view
        self._settings = settings or GnnTraining()

    def fit(self, queries: Queries, outcomes: Outcomes) -> FittedGnn:
        """See ``Estimator``."""
        return FittedGnn(self._view, train_scorer(queries, self._view, outcomes, outcomes.arms, self._settings))
