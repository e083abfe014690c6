"""Query x arm logs as steps: every run is an episode of one hop, as if uniformly random routing had led there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.boundary import boundary_costs
from stigmergy.platform.learning.dataset.recipe import BITS, RANK, Recipe
from stigmergy.platform.learning.evaluation.log_reading import TEST, TRAIN
from stigmergy.platform.learning.rl.arm_log import ArmLog
from stigmergy.platform.learning.rl.arm_source import ArmSource, arm_source
from stigmergy.platform.learning.rl.draws import LEVELS, budgets_at
from stigmergy.platform.learning.rl.rewards import RewardTerms
from stigmergy.platform.learning.rl.steps import Outcome, Steps
from stigmergy.routers.estimators.views import embed_all, learn_semantics
from stigmergy.routers.observation import NO_LIMIT, Money, Places, Situations


@dataclass(frozen=True)
class ArmLogJob:
    """Keys are ids of queries; see ``Job``. In hindsight budgets are those of the replay environment."""

    source: ArmSource
    recipe: Recipe
    rows: Mapping[str, int] = field(repr=False)

    def steps(self, keys: Sequence[str]) -> tuple[Steps | None, Mapping[str, str]]:
        """See ``Job``; a key stands for all runs on the query."""
        query, arm, run = self._runs(np.array([self.rows[key] for key in keys], dtype=np.int64))
        return self._steps(query, arm, run), {}

    def budgets(self, steps: Steps) -> list[Money]:
        """See ``Job``."""
        rows = np.array([self.rows[cluster] for cluster in steps.cluster[steps.first]], dtype=np.int64)
        return [budgets_at(self.source, rows, level) for level in LEVELS]

    def _runs(self, rows: Places) -> tuple[Places, Places, Places]:
        most = self.source.score.shape[2]
        there = np.arange(most) < self.source.count[rows][:, :, None]
        at, arm, run = np.nonzero(there)
        return rows[at], arm, run

    def _steps(self, query: Places, arm: Places, run: Places) -> Steps:
        source, table, count = self.source, self.source.queries, len(query)
        offers = source.offers(query, source.start(query))
        zeros, ones = np.zeros(count, dtype=np.int64), np.ones(count, dtype=bool)
        cut = source.worst.cut[query, arm, run]
        return Steps(
            seen=Situations(
                features=table.features[query],
                mixture=table.mixture[query],
                position=zeros,
                feasible=offers.open,
                healthy=offers.open,
                worst_case=offers.worst_case,
                cost_to_go=offers.cost_to_go,
                spent=zeros,
                budget=np.full(count, NO_LIMIT, dtype=np.int64),
                committed=zeros,
            ),
            action=arm,
            probabilities=np.full(offers.open.shape, 1.0 / offers.open.shape[1], dtype=np.float32),
            charged=source.worst.charged[query, arm, run],
            quality=np.where(cut, np.float32(0.0), source.score[query, arm, run]),
            terminated=ones,
            truncated=~ones,
            episode=self._names(query, arm, run),
            cluster=table.cluster[query],
            split=table.split[query],
            decided_by=np.full(count, "router", dtype=object),
            outcome=np.where(cut, Outcome.CUT.value, Outcome.ANSWERED.value).astype(object),
            weight=np.ones(count, dtype=np.float32),
            relabelled=~ones,
        )

    def _names(self, query: Places, arm: Places, run: Places) -> NDArray[np.object_]:
        ids, arms = self.source.queries.cluster, self.source.spec.actions
        places = zip(query.tolist(), arm.tolist(), run.tolist(), strict=True)
        return np.array([f"{ids[q]}/{arms[a]}/{r}" for q, a, r in places], dtype=object)

    @cached_property
    def keys(self) -> list[str]:
        """The ids of all queries."""
        return list(self.rows)


def arm_log_job(log: ArmLog, cost_weight: float) -> ArmLogJob:
    """The job for a log; vectors are learnt from what is not test, costs of the boundaries from train."""
    table = log.table
    held_out = table.rows_of(TEST)
    semantics = learn_semantics(
        [text for text, test in zip(table.texts, held_out, strict=True) if not test], bits=BITS, rank=RANK
    )
    source = arm_source(log, semantics.version, semantics.project(embed_all(semantics.embedder, table.texts)))
    scale = boundary_costs(source, np.flatnonzero(table.rows_of(TRAIN)))
    recipe = Recipe(source.spec, RewardTerms(scale=scale, cost_weight=cost_weight), semantics)
    return ArmLogJob(source, recipe, {name: row for row, name in enumerate(table.query_ids)})
