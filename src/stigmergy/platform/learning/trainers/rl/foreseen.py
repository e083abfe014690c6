"""A log of arms, seen by expected success: out of fold where policies learn, by the served estimator elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stigmergy.platform.learning.estimators.training import unit_usd
from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable
from stigmergy.platform.learning.rl.arm_source import ArmSource
from stigmergy.platform.learning.rl.expecting import FORESEEN, expect
from stigmergy.platform.learning.rl.foreseeing import ArmOutlook, ForeseeingSource
from stigmergy.routers.estimators.artifact import ArmModel, Looks
from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.catalog import entry
from stigmergy.routers.estimators.substance import learn_substance
from stigmergy.routers.estimators.views import SUBSTANCE
from stigmergy.routers.learned_policy.sight import Foresight


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A log to act in by prospects, and what makes the same prospects in service."""

    source: ForeseeingSource
    foresight: Foresight


def foresee(arms: ArmSource, table: OutcomeTable) -> Foreseen:
    """Learn what to expect on the train split.

    Train queries are seen through fits without their fold: a policy that saw its own lessons expected would trust
    expectations more than they deserve. All others are seen through the estimator that is served.
    """
    train = np.flatnonzero(table.rows_of(TRAIN))
    embedder = learn_substance([table.texts[row] for row in train])
    queries = Queries(texts=table.texts, tasks=table.tasks, views={SUBSTANCE: embedder.embed_many(table.texts)})
    outcomes = Outcomes(arms=table.arms, quality=arms.success(), cost=table.cost.astype(np.float32))
    model = ArmModel(
        name=FORESEEN,
        arms=table.arms,
        fitted=entry(FORESEEN).make().fit(queries.take(train), outcomes.take(train)),
        looks=Looks(SUBSTANCE, embedder),
        unit_usd=unit_usd(outcomes.take(train)),
    )
    foresight = Foresight(model, arms.spec.actions)
    spec = replace(arms.spec, features=foresight.version, feature_size=len(arms.spec.actions))
    outlook = ArmOutlook(expect(queries, outcomes, train, (FORESEEN,)).foreseen)
    return Foreseen(ForeseeingSource(arms, outlook, spec), foresight)
