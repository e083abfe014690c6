"""From a file of logged outcomes to a trained network."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

import numpy as np

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.log_reading import TEST, Attempts, read_file
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable, tabulate
from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.views import NGRAMS, embed_all, learn_semantics
from stigmergy.routers.gnn.checkpoint import GnnArtifact, Origin, code_fingerprint
from stigmergy.routers.gnn.scorer import train_scorer
from stigmergy.routers.gnn.training import GnnTraining

SERVED_BITS = 10
"""Of the n-grams that a platform reads queries by (``HashedNgrams()``): a router sees these and not the text."""


def train_gnn(path: Path, excluded: Collection[str], settings: GnnTraining) -> GnnArtifact:
    """Train on the splits train and val of a log; cells that were not run are edges that are not there.

    Args:
        path: Parquet as ``log_reading.read_file`` takes it.
        excluded: arms to leave out.
        settings: of the training.

    Raises:
        InvalidLog: the file cannot be used, an excluded arm is not in it, or fewer than two are left.
    """
    return _trained(tabulate(read_file(path)), excluded, settings)


def train_gnn_on(attempts: Attempts, excluded: Collection[str], settings: GnnTraining) -> GnnArtifact:
    """As ``train_gnn``, on attempts that need not be split."""
    return _trained(tabulate(attempts, ()), excluded, settings)


def _trained(table: OutcomeTable, excluded: Collection[str], settings: GnnTraining) -> GnnArtifact:
    path = ", ".join(table.files)
    unknown = sorted(set(excluded) - set(table.arms))
    if unknown:
        raise InvalidLog(path, f"no arm {', '.join(unknown)} to exclude; its arms: {', '.join(table.arms)}")
    arms = np.array([place for place, arm in enumerate(table.arms) if arm not in excluded], dtype=np.intp)
    if len(arms) < 2:  # noqa: PLR2004 - one has no other to differ from
        raise InvalidLog(path, "a router needs two arms to choose from")
    rows = np.flatnonzero(~table.rows_of(TEST))
    texts = tuple(table.texts[row] for row in rows)
    semantics = learn_semantics(texts, bits=SERVED_BITS)
    views = {NGRAMS: semantics.project(embed_all(semantics.embedder, texts))}
    outcomes = Outcomes(
        arms=tuple(table.arms[place] for place in arms),
        quality=table.quality[np.ix_(rows, arms)].astype(np.float32),
        cost=table.cost[np.ix_(rows, arms)].astype(np.float32),
    )
    queries = Queries(texts=texts, tasks=tuple(table.tasks[row] for row in rows), views=views)
    origin = Origin(data=table.files, config=asdict(settings), code=code_fingerprint())
    scorer = train_scorer(queries, NGRAMS, outcomes, outcomes.arms, settings)
    return GnnArtifact(scorer=scorer, semantics=semantics, bits=SERVED_BITS, origin=origin)
