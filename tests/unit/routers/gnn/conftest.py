"""A small world: ``poet`` solves letters, ``clerk`` sums, both for 1; ``sage`` solves all for 5; ``dud`` nothing."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.views import NGRAMS, LatentSemantics, embed_all, learn_semantics
from stigmergy.routers.gnn.checkpoint import GnnArtifact, Origin
from stigmergy.routers.gnn.scorer import train_scorer
from stigmergy.routers.gnn.training import GnnTraining

ARMS = ("clerk", "dud", "poet", "sage")
QUERIES = 160
LETTER, SUM = "Write letter number 900 to Ada", "Add 901 and 77 for me"


@pytest.fixture(scope="session")
def semantics() -> LatentSemantics:
    return learn_semantics(world_texts(), bits=10, rank=32)


@pytest.fixture(scope="session")
def queries(semantics: LatentSemantics) -> Queries:
    texts = world_texts()
    views = {NGRAMS: semantics.project(embed_all(semantics.embedder, texts))}
    tasks = tuple("letters" if number % 2 == 0 else "sums" for number in range(QUERIES))
    return Queries(texts=texts, tasks=tasks, views=views)


@pytest.fixture(scope="session")
def outcomes() -> Outcomes:
    letters = np.arange(QUERIES) % 2 == 0
    quality = np.stack((~letters, np.zeros(QUERIES), letters, np.ones(QUERIES)), axis=1).astype(np.float32)
    return Outcomes(arms=ARMS, quality=quality, cost=np.tile(np.array([1, 1, 1, 5], np.float32), (QUERIES, 1)))


@pytest.fixture(scope="session")
def artifact(queries: Queries, outcomes: Outcomes, semantics: LatentSemantics) -> GnnArtifact:
    scorer = train_scorer(queries, NGRAMS, outcomes, ARMS, GnnTraining(epochs=2))
    origin = Origin(data={"made": "0" * 64}, config={"epochs": 2}, code="1" * 64)
    return GnnArtifact(scorer=scorer, semantics=semantics, bits=10, origin=origin)


def world_texts() -> tuple[str, ...]:
    return tuple(
        f"Write letter number {number} to Ada" if number % 2 == 0 else f"Add {number} and {number * 3} for me"
        for number in range(QUERIES)
    )
