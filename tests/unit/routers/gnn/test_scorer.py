"""Agents and outcomes come after training, and nothing is trained again."""

from __future__ import annotations

import numpy as np

from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.views import NGRAMS
from stigmergy.routers.gnn.checkpoint import GnnArtifact
from stigmergy.routers.gnn.estimator import Gnn
from stigmergy.routers.gnn.scorer import train_scorer
from stigmergy.routers.gnn.training import GnnTraining


def test_each_query_goes_to_who_solves_it(artifact: GnnArtifact, queries: Queries, outcomes: Outcomes) -> None:
    found = artifact.scorer.predict(queries.view(NGRAMS))
    assert np.abs(found.quality - outcomes.quality).mean() < 0.15
    assert np.allclose(found.cost, outcomes.cost, rtol=0.05)
    assert (found.deviation > 0).all()


def test_the_same_seed_makes_the_same_weights(queries: Queries, outcomes: Outcomes) -> None:
    one, other = (train_scorer(queries, NGRAMS, outcomes, outcomes.arms, GnnTraining(epochs=1)) for _ in range(2))
    states = zip(one.network.state_dict().values(), other.network.state_dict().values(), strict=True)
    assert all((mine == its).all() for mine, its in states)


def test_an_agent_is_scored_from_its_description_before_any_outcome(artifact: GnnArtifact, queries: Queries) -> None:
    scorer = artifact.scorer.with_agents([("sage", "")])
    found = scorer.predict(queries.view(NGRAMS)[:4])
    assert found.quality.shape == (4, 5)
    assert np.isfinite(found.quality).all()
    assert found.quality[:, 4].mean() > found.quality[:, 1].mean()


def test_twenty_probes_tell_a_good_new_agent_from_a_bad_one(
    artifact: GnnArtifact, queries: Queries, outcomes: Outcomes
) -> None:
    scorer = artifact.scorer.with_agents([("nova", "new"), ("nil", "new")])
    edges = [(row, agent, float(agent == 4), 1.0) for row in range(20) for agent in (4, 5)]
    scorer = scorer.with_outcomes(queries.view(NGRAMS)[:20], edges, most=1000)
    found = scorer.predict(queries.view(NGRAMS)[100:])
    assert found.quality[:, 4].mean() > 0.7
    assert found.quality[:, 5].mean() < 0.3
    assert np.allclose(found.cost[:, 4], 1.0, rtol=0.3)


def test_only_the_latest_queries_are_remembered(artifact: GnnArtifact, queries: Queries) -> None:
    scorer = artifact.scorer.with_outcomes(queries.view(NGRAMS)[:3], [(0, 0, 1.0, 1.0)], most=50)
    assert len(scorer.log.vectors) == 50
    assert scorer.predict(queries.view(NGRAMS)[:2]).quality.shape == (2, 4)


def test_the_estimator_serves_agents_it_never_saw(queries: Queries, outcomes: Outcomes) -> None:
    two = Outcomes(arms=("clerk", "sage"), quality=outcomes.quality[:, [0, 3]], cost=outcomes.cost[:, [0, 3]])
    fitted = Gnn(settings=GnnTraining(epochs=1)).fit(queries, two)
    assert fitted.on(queries, outcomes).predict(queries).quality.shape == outcomes.quality.shape
