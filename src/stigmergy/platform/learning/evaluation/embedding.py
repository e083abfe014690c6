"""The queries of a replay as estimators see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable
from stigmergy.routers.estimators.base import Queries
from stigmergy.routers.estimators.views import NGRAMS, SENTENCES, embed_all, embed_cached, learn_semantics
from stigmergy.routers.query_features import Embedder


@dataclass(frozen=True, slots=True)
class Embedded:
    """Queries with their vectors, and what made them, by name of the view."""

    queries: Queries
    embedders: Mapping[str, Embedder]


def embed_queries(table: OutcomeTable, sentences: Embedder | None = None, cache: Path | None = None) -> Embedded:
    """Hashed n-grams always; sentence embeddings where a model is given, kept in the folder ``cache``.

    How rare an n-gram is, and which directions matter, is counted once on the texts of the train split, without any
    outcome.
    """
    semantics = learn_semantics([table.texts[row] for row in table.rows_of(TRAIN).nonzero()[0]])
    views = {NGRAMS: semantics.project(embed_all(semantics.embedder, table.texts))}
    embedders: dict[str, Embedder] = {NGRAMS: semantics}
    if sentences is not None:
        embedders[SENTENCES] = sentences
        vectors = embed_all(sentences, table.texts) if cache is None else embed_cached(sentences, table.texts, cache)
        views[SENTENCES] = vectors
    return Embedded(Queries(texts=table.texts, tasks=table.tasks, views=views), embedders)
