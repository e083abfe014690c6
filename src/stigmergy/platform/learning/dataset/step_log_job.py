"""Multi-step logs: one row per call of a run, as episodes that stop by choice (METHODS M16)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow.parquet as pq

from stigmergy.domain import GOAL, UNKNOWN_TYPE
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.dataset.recipe import BITS, RANK, Recipe
from stigmergy.platform.learning.evaluation.columns import (
    number_column,
    read_table,
    refuse_where,
    sha256_of,
    text_column,
)
from stigmergy.platform.learning.evaluation.log_reading import TEST, TRAIN
from stigmergy.platform.learning.rl.draws import LEVELS, log_spaced
from stigmergy.platform.learning.rl.rewards import CostScale, RewardTerms
from stigmergy.platform.learning.rl.steps import Outcome, Steps
from stigmergy.platform.learning.rl.worst_cases import CAP_QUANTILE, NANO
from stigmergy.routers.estimators.views import learn_semantics
from stigmergy.routers.observation import NO_LIMIT, Floats, Money, ObservationSpec, Situations, Truths

_TEXTS: Final = ("query_id", "agent", "run", "model", "split")
_NUMBERS: Final = ("step", "cost_usd", "final_score")
_Prefix: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One run: the models asked in order, what each call cost in nano-dollars, and the score of the last answer."""

    query: str
    split: str
    models: tuple[str, ...]
    charged: tuple[int, ...]
    score: float


@dataclass(frozen=True)
class StepLogJob:
    """Keys are ids of queries; see ``Job``. Every run ends with the choice to stop, or with a call that is cut."""

    recipe: Recipe
    worst_case: Money
    trajectories: Mapping[str, Sequence[Trajectory]] = field(repr=False)
    texts: Mapping[str, str] = field(repr=False)

    @cached_property
    def keys(self) -> list[str]:
        """The ids of all queries."""
        return list(self.trajectories)

    def steps(self, keys: Sequence[str]) -> tuple[Steps | None, Mapping[str, str]]:
        """See ``Job``; a key stands for all runs on the query."""
        hops = [
            (f"{key}/{number}", line, place)
            for key in keys
            for number, line in enumerate(self.trajectories[key])
            for place in range(self._until(line) + 1)
        ]
        return self._steps(hops), {}

    def budgets(self, steps: Steps) -> list[Money]:
        """See ``Job``: from one call of the cheapest model to the dearest run of the log, by worst cases."""
        ones = np.ones(int(steps.first.sum()), dtype=np.int64)
        spec = self.recipe.spec
        return [log_spaced(spec.low * ones, spec.high * ones, level) for level in LEVELS]

    def _steps(self, hops: Sequence[tuple[str, Trajectory, int]]) -> Steps:
        count, goal = len(hops), self._places[GOAL]
        stops = np.array([place == len(line.models) for _, line, place in hops])
        spent = np.array([0 if place == len(line.models) else line.charged[place] for _, line, place in hops])
        scores = [line.score for _, line, _ in hops]
        action = [goal if place == len(line.models) else self._places[line.models[place]] for _, line, place in hops]
        charged = np.minimum(spent, self.worst_case[action])
        probabilities = np.stack([self._followed[line.query, line.models[:place]] for _, line, place in hops])
        return Steps(
            seen=self._situations(hops, probabilities > 0.0),
            action=np.array(action, dtype=np.int64),
            probabilities=probabilities,
            charged=charged.astype(np.int64),
            quality=np.where(stops, scores, np.nan).astype(np.float32),
            terminated=stops,
            truncated=charged < spent,
            episode=np.array([name for name, _, _ in hops], dtype=object),
            cluster=np.array([line.query for _, line, _ in hops], dtype=object),
            split=np.array([line.split for _, line, _ in hops], dtype=object),
            decided_by=np.full(count, "router", dtype=object),
            outcome=np.where(charged < spent, Outcome.CUT.value, Outcome.ANSWERED.value).astype(object),
            weight=np.ones(count, dtype=np.float32),
            relabelled=np.zeros(count, dtype=bool),
        )

    def _until(self, line: Trajectory) -> int:
        """The first call above its cap: it would have been cut there, and what came of that is not known."""
        caps = [self.worst_case[self._places[model]] for model in line.models]
        above = [place for place, (cost, cap) in enumerate(zip(line.charged, caps, strict=True)) if cost > cap]
        return above[0] if above else len(line.models)

    def _situations(self, hops: Sequence[tuple[str, Trajectory, int]], open_: Truths) -> Situations:
        vectors = {line.query: self.recipe.semantics.embed(self.texts[line.query]) for _, line, _ in hops}
        behind = [0 if not place else 1 + self._places[line.models[place - 1]] for _, line, place in hops]
        return Situations(
            features=np.stack([vectors[line.query] for _, line, _ in hops]).astype(np.float32),
            mixture=np.ones((len(hops), 1), dtype=np.float32),
            position=np.array(behind, dtype=np.int64),
            feasible=open_,
            healthy=open_,
            worst_case=np.where(open_, self.worst_case, 0),
            cost_to_go=np.zeros(open_.shape, dtype=np.int64),
            spent=np.array([sum(line.charged[:place]) for _, line, place in hops], dtype=np.int64),
            budget=np.full(len(hops), NO_LIMIT, dtype=np.int64),
            committed=np.array([place for _, _, place in hops], dtype=np.int64),
        )

    @cached_property
    def _places(self) -> dict[str, int]:
        return {node: place for place, node in enumerate(self.recipe.spec.actions)}

    @cached_property
    def _followed(self) -> dict[tuple[str, _Prefix], Floats]:
        """What runs on a query did behind every prefix of models, as shares: the propensities of a mixed router."""
        counts: defaultdict[tuple[str, _Prefix], Counter[str]] = defaultdict(Counter)
        for lines in self.trajectories.values():
            for line in lines:
                for place, node in enumerate((*line.models, GOAL)):
                    counts[line.query, line.models[:place]][node] += 1
        return {at: self._shares(found) for at, found in counts.items()}

    def _shares(self, found: Counter[str]) -> Floats:
        shares = np.zeros(len(self._places), dtype=np.float32)
        for node, count in found.items():
            shares[self._places[node]] = count / found.total()
        return shares


def is_step_log(data: Path) -> bool:
    """Whether a Parquet file holds steps of runs; False also for a file that is none."""
    try:
        return {"step", "final_score"} <= set(pq.read_schema(data).names)
    except (OSError, ValueError):
        return False


def step_log_job(data: Path, cost_weight: float) -> StepLogJob:
    """The job for a log of steps. A query without a ``query`` column is known by its id alone.

    Raises:
        InvalidLog: says what of the log cannot be used.
    """
    columns = _columns(data)
    lines = _trajectories(columns)
    texts = dict(zip(columns["query_id"], columns.get("query", columns["query_id"]), strict=True))
    models = tuple(sorted({model for runs in lines.values() for line in runs for model in line.models}))
    train = [line for runs in lines.values() for line in runs if line.split == TRAIN]
    if not train:
        raise InvalidLog(str(data), "its split train is empty; caps and the scale of costs are learnt from it")
    worst = np.array([*(_cap(train, model) for model in models), 0], dtype=np.int64)
    prices = dict(zip((*models, GOAL), worst.tolist(), strict=True))
    routes = [sum(prices[model] for model in line.models) for line in train]
    spent = [sum(line.charged) for line in train]
    semantics = learn_semantics(
        [texts[name] for name, runs in lines.items() if runs[0].split != TEST], bits=BITS, rank=RANK
    )
    spec = ObservationSpec(
        graph=sha256_of(data),
        features=semantics.version,
        feature_size=semantics.directions.shape[1],
        tasks=(UNKNOWN_TYPE,),
        actions=(*models, GOAL),
        low=int(worst[:-1].min()),
        high=max(routes),
        most_hops=max(len(line.models) for line in train),
    )
    scale = CostScale(np.array([min(spent)]), np.array([max(spent)]))
    recipe = Recipe(spec, RewardTerms(scale=scale, cost_weight=cost_weight), semantics)
    return StepLogJob(recipe, worst, lines, texts)


def _columns(data: Path) -> dict[str, Any]:
    table, path = read_table(data), str(data)
    missing = [name for name in (*_TEXTS, *_NUMBERS) if name not in table.column_names]
    if missing:
        raise InvalidLog(path, f"it lacks the columns {', '.join(missing)}; it has {table.column_names}")
    optional = ("query",) if "query" in table.column_names else ()
    columns: dict[str, Any] = {name: text_column(path, table, name) for name in (*_TEXTS, *optional)}
    columns |= {name: number_column(path, table, name) for name in _NUMBERS}
    for name in _NUMBERS:
        refuse_where(path, name, columns[name], ~(columns[name] >= 0.0), "it has to be known, and at least 0")
    return columns


def _trajectories(columns: Mapping[str, Any]) -> dict[str, list[Trajectory]]:
    run_of = list(zip(columns["query_id"], columns["agent"], columns["run"], strict=True))
    rows: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row in np.argsort(columns["step"], kind="stable").tolist():
        rows[run_of[row]].append(row)
    found: defaultdict[str, list[Trajectory]] = defaultdict(list)
    for key in sorted(rows):
        at = rows[key]
        charged = np.ceil(columns["cost_usd"][at] * NANO).astype(np.int64).tolist()
        line = Trajectory(
            query=key[0],
            split=columns["split"][at[0]],
            models=tuple(columns["model"][at]),
            charged=tuple(charged),
            score=float(columns["final_score"][at[-1]]),
        )
        found[line.query].append(line)
    return dict(found)


def _cap(lines: Sequence[Trajectory], model: str) -> int:
    costs = [cost for line in lines for name, cost in zip(line.models, line.charged, strict=True) if name == model]
    if not costs:
        raise InvalidLog(model, "this model was never called in the train split, so nothing caps what it may cost")
    return int(np.ceil(np.quantile(costs, CAP_QUANTILE)))
