"""The queries of a replay as estimators see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable
from stigmergy.routers.estimators.base import Queries
from stigmergy.routers.estimators.nearest import find_kin
from stigmergy.routers.estimators.substance import learn_substance
from stigmergy.routers.estimators.views import NGRAMS, SENTENCES, SUBSTANCE, embed_all, embed_cached, learn_semantics
from stigmergy.routers.query_features import Embedder

_LEAST_PART: Final = 0.6
"""Of a log that is learnt from: four of five folds of four of five, and a little less by chance."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Queries with their vectors, and what made them, by name of the view."""

    queries: Queries
    embedders: Mapping[str, Embedder]


def embed_queries(table: OutcomeTable, sentences: Embedder | None = None, cache: Path | None = None) -> Embedded:
    """Hashed n-grams and the texts' substance always; sentence embeddings where a model is given, kept in ``cache``.

    How rare an n-gram is, and which directions matter, is counted once on the texts of the train split, without any
    outcome.
    """
    learnt_from = [table.texts[row] for row in table.rows_of(TRAIN).nonzero()[0]]
    semantics, substance = learn_semantics(learnt_from), learn_substance(learnt_from)
    views = {
        NGRAMS: semantics.embed_many(table.texts),
        SUBSTANCE: substance.embed_many(table.texts),
    }
    embedders: dict[str, Embedder] = {NGRAMS: semantics, SUBSTANCE: substance}
    if sentences is not None:
        embedders[SENTENCES] = sentences
        vectors = embed_all(sentences, table.texts) if cache is None else embed_cached(sentences, table.texts, cache)
        views[SENTENCES] = vectors
    kin = find_kin(views, tuple(views), _LEAST_PART)
    return Embedded(Queries(texts=table.texts, tasks=table.tasks, views=views, kin=kin), embedders)
