"""What serves by a snapshot: a router, a rule of panels, a guard. Each asks the one that is there at the moment."""

from __future__ import annotations

import random
from typing import Generic, TypeVar

from stigmergy.platform.snapshots.snapshot import ArtifactSnapshot
from stigmergy.routers.base import Outcome, Router, RoutingState, Scores
from stigmergy.routers.baselines import FixedRule
from stigmergy.routers.catalog import TrainedRouter
from stigmergy.routers.evidence.router import Decision, PanelRule, PanelState
from stigmergy.routers.guard.calibration import Verdict
from stigmergy.routers.guard.guard import QueryGuard

T = TypeVar("T")


class _Served(Generic[T]):
    def __init__(self, snapshot: ArtifactSnapshot[T]) -> None:
        self.snapshot = snapshot

    @property
    def version(self) -> str:
        """Of the artifact that serves at the moment."""
        return self.snapshot.current.version


RouterT = TypeVar("RouterT", bound=Router)


class _ServedScores(_Served[RouterT]):
    def scores(self, state: RoutingState) -> Scores:
        """See ``Router``."""
        return self.snapshot.current.serves.scores(state)


class ServedPolicy(_ServedScores[Router], FixedRule):
    """Implements ``Router`` by the newest sound artifact, whose balance of quality and money was fixed in training."""


class _ServedTrading(_ServedScores[TrainedRouter]):
    @property
    def trade_off(self) -> float:
        """See ``TradesOff``."""
        return self.snapshot.current.serves.trade_off


class ServedRouter(_ServedTrading, FixedRule):
    """Implements ``Router`` by the newest sound artifact; learns nothing."""


class ServedLearner(_ServedTrading):
    """Implements ``Router`` by the newest sound artifact, which learns while it serves.

    What it has learnt since it was trained goes with it: the next one should be trained on these episodes, too.
    """

    def learn(self, outcome: Outcome) -> None:
        """See ``Router``."""
        self.snapshot.current.serves.learn(outcome)


class ServedRule(_Served[PanelRule]):
    """Implements ``PanelRule`` by the newest sound artifact."""

    def decide(self, state: PanelState, rng: random.Random, /) -> Decision:
        """See ``PanelRule``."""
        return self.snapshot.current.serves.decide(state, rng)


class ServedGuard(_Served[QueryGuard]):
    """Implements ``QueryGuard`` by the newest sound artifact."""

    def verdict(self, text: str) -> Verdict:
        """See ``QueryGuard``."""
        return self.snapshot.current.serves.verdict(text)
