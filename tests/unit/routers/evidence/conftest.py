"""A policy whose weights are set by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from stigmergy.routers.evidence.batch import EvidenceBatch, members_of
from stigmergy.routers.evidence.policy import EvidencePolicy, Scales
from stigmergy.routers.evidence.posterior import lay_ballot, probabilities
from stigmergy.routers.evidence.situation import opening, situation

ROSTER = ("a", "b", "c")
MakePolicy = Callable[[Mapping[tuple[int, int], float]], EvidencePolicy]


@pytest.fixture
def make_policy() -> MakePolicy:
    """A policy of three agents that believes every vote alike; per (set asked, next agent) a fixed worth of asking."""

    def make(worth: Mapping[tuple[int, int], float]) -> EvidencePolicy:
        batch = EvidenceBatch(
            answers=np.array([[1, 1, 1]]),
            effort=np.zeros((1, 3)),
            spent=np.zeros((1, 3)),
            task=np.ones((1, 1)),
            length=np.zeros(1),
        )
        posteriors, advantages = {}, {}
        for asked in range(8):
            features = opening(batch)
            if asked:
                ballot = lay_ballot(batch, members_of(asked))
                size = len(members_of(asked))
                posteriors[asked] = np.zeros(ballot.support.shape[2] + ballot.doubt.shape[1])
                posteriors[asked][:size] = 2.0
                features = situation(batch, members_of(asked), ballot, probabilities(ballot, posteriors[asked]))
            for place in set(range(3)) - set(members_of(asked)):
                advantages[asked, place] = np.zeros((features.shape[1], 1))
                advantages[asked, place][0] = worth.get((asked, place), -1.0)
        return EvidencePolicy(
            roster=ROSTER,
            tasks=("math",),
            scales=Scales(
                effort_mean=np.zeros(3),
                effort_spread=np.ones(3),
                length_mean=0.0,
                length_spread=1.0,
                best_cost_usd=0.01,
            ),
            prices=np.array([0.1]),
            posteriors=posteriors,
            advantages=advantages,
        )

    return make
