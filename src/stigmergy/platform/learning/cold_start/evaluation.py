"""Every contestant on every draw of new arms: gap closed over the hull under bootstrap weightings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.cold_start.contestants import CONTESTANTS, Features
from stigmergy.platform.learning.cold_start.newcomers import Newcomers, draw_new, hide, most_telling
from stigmergy.platform.learning.evaluation.arm_selection import Selected
from stigmergy.platform.learning.evaluation.bootstrap import query_weights
from stigmergy.platform.learning.evaluation.embedding import Embedded
from stigmergy.platform.learning.evaluation.hull import Floats
from stigmergy.platform.learning.evaluation.judging import (
    Ground,
    Judged,
    judge_every,
    judge_hull,
    judge_oracle,
    lay_ground,
)
from stigmergy.platform.learning.evaluation.pooling import gaps
from stigmergy.platform.learning.evaluation.reading import Reading, read
from stigmergy.platform.learning.evaluation.splitting import Split, seeded_splits
from stigmergy.routers.estimators.base import Fitted, Outcomes
from stigmergy.routers.estimators.means import arm_means
from stigmergy.routers.estimators.nearest import Nearest
from stigmergy.routers.estimators.trade_off import choices, prices_of_money

INFORMED = "nearest_informed"
"""Nearest neighbours for whom nothing was held out."""
_ORACLE = "oracle"
_LEAST_KNOWN = 2
_ONE = np.ones(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``held_out`` arms are new, each tried on ``probes`` queries; drawn anew for each of ``seeds``."""

    held_out: int = 3
    probes: int = 20
    seeds: int = 20
    samples: int = 500


@dataclass(frozen=True, slots=True)
class Found:
    """Gap closed by contestant, of shape (seeds, 1 + samples), and the names of each seed's new arms."""

    gaps: Mapping[str, Floats]
    new: tuple[tuple[str, ...], ...]


class ColdStart:
    """One log, with arms that are held out of training.

    Args:
        selected: complete on its arms.
        embedded: its queries.
        plan: what is drawn.

    Raises:
        InvalidLog: fewer than two arms would be left, or fewer queries to learn from than probes.
    """

    def __init__(self, selected: Selected, embedded: Embedded, plan: Plan) -> None:
        table = selected.table
        _check(", ".join(table.files), len(table.arms), len(table.texts), plan)
        self._queries, self._plan = embedded.queries, plan
        self._outcomes = Outcomes(
            arms=table.arms, quality=table.quality.astype(np.float32), cost=table.cost.astype(np.float32)
        )
        self._weights = query_weights(len(table.texts), plan.samples, seed=0)

    def run(self, progress: Callable[[str], None]) -> Found:
        """Judge every contestant; ``progress`` is told which seed it is."""
        readings: dict[str, list[list[Reading]]] = {}
        drawn = []
        for seed in range(self._plan.seeds):
            progress(f"seed {seed + 1} of {self._plan.seeds}")
            rng = np.random.default_rng(seed)
            new = draw_new(len(self._outcomes.arms), self._plan.held_out, rng)
            drawn.append(tuple(self._outcomes.arms[place] for place in new))
            folds = [self._on(split, new, rng) for split in seeded_splits(self._queries.texts, seed)]
            for name in folds[0]:
                readings.setdefault(name, []).append([fold[name] for fold in folds])
        oracle = readings.pop(_ORACLE)
        return Found({name: gaps(each, oracle) for name, each in readings.items()}, tuple(drawn))

    def _on(self, split: Split, new: np.ndarray, rng: np.random.Generator) -> dict[str, Reading]:
        ground = lay_ground(self._outcomes, split, self._weights)
        hull = judge_hull(ground)
        probes = rng.choice(len(split.learning), self._plan.probes, replace=False)
        queries, outcomes = self._queries.take(split.learning), self._outcomes.take(split.learning)
        drawn = hide(queries, outcomes, new, probes)
        found = {_ORACLE: judge_oracle(ground)}
        for name, contestant in CONTESTANTS.items():
            met = drawn if contestant.telling is None else self._chosen(contestant.telling, drawn, outcomes)
            found[name] = self._judged(ground, contestant.meet(met), met.outcomes)
        found[INFORMED] = self._judged(ground, Nearest().fit(queries, outcomes), outcomes)
        return {name: read(ground, each, hull, _ONE) for name, each in found.items()}

    def _chosen(self, telling: Features, drawn: Newcomers, outcomes: Outcomes) -> Newcomers:
        probes = most_telling(telling(drawn.queries, drawn.without_new()), self._plan.probes)
        return hide(drawn.queries, outcomes, drawn.new, probes)

    def _judged(self, ground: Ground, fitted: Fitted, seen: Outcomes) -> Judged:
        prices = prices_of_money(arm_means(seen.cost))
        return judge_every(ground, choices(fitted.predict(self._queries.take(ground.split.test)), prices))


def _check(path: str, arms: int, queries: int, plan: Plan) -> None:
    if arms - plan.held_out < _LEAST_KNOWN:
        raise InvalidLog(
            path, f"it has {arms} arms; with {plan.held_out} held out two must be left to train on: hold out fewer"
        )
    # Four of five folds are learnt from; texts fall into them by a hash, so that half is sure to be there.
    if plan.probes > queries // 2:
        raise InvalidLog(path, f"{plan.probes} probes are more than half of its {queries} queries: ask for fewer")
