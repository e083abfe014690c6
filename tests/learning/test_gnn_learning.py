"""On a world whose optimum is known the network finds it, and new agents are told apart from twenty probes."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.nearest import Nearest
from stigmergy.routers.estimators.views import NGRAMS, unit_rows
from stigmergy.routers.gnn.estimator import Gnn

QUERIES, AGENTS, TYPES = 600, 8, 4
TRAIN = np.arange(QUERIES) % 3 != 0


@pytest.fixture(scope="module")
def world() -> tuple[Queries, Outcomes]:
    """Four kinds of query in noise; every agent is good (.9) at two kinds and bad (.2) at the others, at one price."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(TYPES, size=QUERIES)
    vectors = unit_rows((np.eye(TYPES, 16)[kinds] + 0.35 * rng.normal(size=(QUERIES, 16))).astype(np.float32))
    good = np.array(
        [[kind in ((agent) % TYPES, (agent + 1) % TYPES) for agent in range(AGENTS)] for kind in range(TYPES)]
    )
    quality = (rng.random((QUERIES, AGENTS)) < np.where(good, 0.9, 0.2)[kinds]).astype(np.float32)
    queries = Queries(
        texts=tuple(f"query {number}" for number in range(QUERIES)),
        tasks=tuple(f"kind {kind}" for kind in kinds),
        views={NGRAMS: vectors},
    )
    arms = tuple(f"agent {chr(97 + number)}" for number in range(AGENTS))
    return queries, Outcomes(arms=arms, quality=quality, cost=np.ones((QUERIES, AGENTS), dtype=np.float32))


def test_the_best_agent_of_every_query_is_found(world: tuple[Queries, Outcomes]) -> None:
    queries, outcomes = world
    fitted = Gnn().fit(queries.take(TRAIN), outcomes.take(TRAIN))
    found = fitted.predict(queries.take(~TRAIN)).quality.argmax(axis=1)
    reached = outcomes.quality[~TRAIN][np.arange(len(found)), found].mean()
    assert reached > 0.85, "the optimum is .9, an agent alone reaches .55"


def test_agents_unseen_in_training_are_predicted_better_than_by_neighbours_from_twenty_probes(
    world: tuple[Queries, Outcomes],
) -> None:
    queries, outcomes = world
    known, seen = queries.take(TRAIN), outcomes.take(TRAIN)
    warm = Outcomes(arms=seen.arms[:5], quality=seen.quality[:, :5], cost=seen.cost[:, :5])
    hidden = np.zeros(seen.quality.shape, dtype=bool)
    hidden[20:, 5:] = True
    probed = Outcomes(
        arms=seen.arms,
        quality=np.where(hidden, np.float32(np.nan), seen.quality),
        cost=np.where(hidden, np.float32(np.nan), seen.cost),
    )
    mine = Gnn().fit(known, warm).on(known, probed).predict(queries.take(~TRAIN))
    neighbours = Nearest().fit(known, probed).predict(queries.take(~TRAIN))
    truth = outcomes.quality[~TRAIN][:, 5:]
    errors = [float(np.square(each.quality[:, 5:] - truth).mean()) for each in (mine, neighbours)]
    assert errors[0] < errors[1]


def test_uncertainty_is_calibrated(world: tuple[Queries, Outcomes]) -> None:
    queries, outcomes = world
    fitted = Gnn().fit(queries.take(TRAIN), outcomes.take(TRAIN))
    found = fitted.scorer.predict(queries.take(~TRAIN).view(NGRAMS))
    assert np.square((outcomes.quality[~TRAIN] - found.quality) / found.deviation).mean() == pytest.approx(
        1.0, abs=0.25
    )
