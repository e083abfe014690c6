"""An estimator of arms from a log of outcomes, as it is served."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from stigmergy.errors import InvalidLog, MissingView
from stigmergy.platform.learning.evaluation.log_reading import Attempts, read_for_training
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable, tabulate
from stigmergy.platform.learning.evaluation.versions import code_versions
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.estimators.artifact import ArmModel, Looks
from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.catalog import entry
from stigmergy.routers.estimators.means import arm_means
from stigmergy.routers.estimators.substance import Substance, learn_substance
from stigmergy.routers.estimators.views import NGRAMS, SUBSTANCE, LatentSemantics, learn_semantics

_ARMS = 2
_LEARNERS: Final[Mapping[str, Callable[[Sequence[str]], LatentSemantics | Substance]]] = {
    NGRAMS: learn_semantics,
    SUBSTANCE: learn_substance,
}


@dataclass(frozen=True, slots=True)
class TrainedArms:
    """What ``save_arms`` writes."""

    model: ArmModel
    origin: Origin


def train_arms(name: str, data: Path) -> TrainedArms:
    """Fit an estimator of the catalog on a log (columns as for replay evaluation); its test split is not looked at.

    Raises:
        InvalidLog: says what of the log cannot be used.
        UnknownEstimator, MissingView: as ``train_arms_on``.
    """
    return train_arms_on(name, read_for_training(data))


def train_arms_on(name: str, attempts: Attempts) -> TrainedArms:
    """Fit an estimator of the catalog on attempts of any split.

    Cells that were not run, or whose cost is not known, are no obstacle. Deterministic.

    Raises:
        UnknownEstimator: nothing is registered under the name.
        InvalidLog: says what of the log cannot be used.
        MissingView: the estimator looks at vectors that are not made here (sentence embeddings).
    """
    made = entry(name)
    table = tabulate(attempts, ())
    _check(table, ", ".join(attempts.files))
    looks = None if made.view is None else _learn_to_look(made.view, table.texts)
    views = {} if looks is None else {looks.view: looks.embedder.embed_many(table.texts)}
    queries = Queries(texts=table.texts, tasks=table.tasks, views=views)
    outcomes = Outcomes(arms=table.arms, quality=table.quality.astype(np.float32), cost=table.cost.astype(np.float32))
    model = ArmModel(
        name=name,
        arms=table.arms,
        fitted=made.make().fit(queries, outcomes),
        looks=looks,
        unit_usd=unit_usd(outcomes),
    )
    origin = Origin(
        data={Path(path).name: digest for path, digest in table.files.items()},
        code=code_versions()["code"],
        config={"estimator": name},
        queries=len(table.texts),
    )
    return TrainedArms(model, origin)


def _learn_to_look(view: str, texts: Sequence[str]) -> Looks:
    if view not in _LEARNERS:
        raise MissingView(view, tuple(_LEARNERS))
    return Looks(view, _LEARNERS[view](texts))


def _check(table: OutcomeTable, path: str) -> None:
    if len(table.arms) < _ARMS:
        raise InvalidLog(path, f"a router needs two arms to choose from; it has {', '.join(table.arms)}")
    if np.isnan(table.cost).all():
        raise InvalidLog(path, "it holds no known cost_usd, and a router trades quality for cost")


def unit_usd(outcomes: Outcomes) -> float:
    """Mean cost of the arm that is best on average, in USD; 1 where that arm is free."""
    return float(arm_means(outcomes.cost)[arm_means(outcomes.quality).argmax()]) or 1.0
