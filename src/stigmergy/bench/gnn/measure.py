"""The network's three costs, on generated worlds: training, one score, one refresh."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from stigmergy.routers.estimators.base import Matrix, Outcomes, Queries
from stigmergy.routers.estimators.views import NGRAMS, unit_rows
from stigmergy.routers.gnn.scorer import GnnScorer, train_scorer
from stigmergy.routers.gnn.training import GnnTraining

DIMENSIONS: Final = 256
_TASKS: Final = 10
_REFRESHED: Final = 16
_REFRESHES: Final = 10
_KEPT: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GnnReport:
    """Seconds to train; milliseconds to score one query, and to take 16 queries in. Processor time."""

    train_queries: int
    train_agents: int
    train_s: float
    score_agents: int
    score_ms: dict[str, float]
    refresh_ms: dict[str, float]
    seed: int

    def document(self) -> dict[str, Any]:
        """JSON-compatible values."""
        return asdict(self)


def measure(
    queries: int, agents: int, scored_agents: int, rounds: int, seed: int, told: Callable[[str], object]
) -> GnnReport:
    """Train on ``queries`` x ``agents``; score ``rounds`` queries, one by one, against ``scored_agents``."""
    told(f"training on {queries} queries x {agents} agents")
    begin = time.process_time()
    trained = _trained(queries, agents, seed)
    train_s = time.process_time() - begin
    told(f"training on {queries} queries x {scored_agents} agents, to score them")
    scorer = trained if scored_agents == agents else _trained(queries, scored_agents, seed)
    asked = _vectors(rounds + 1, np.random.default_rng(seed + 1))
    told("scoring and taking outcomes in")
    score_ms = [_ms(lambda row=row: scorer.predict(row[None])) for row in asked]  # type: ignore[misc]
    return GnnReport(
        train_queries=queries,
        train_agents=agents,
        train_s=train_s,
        score_agents=scored_agents,
        score_ms=_percentiles(score_ms[1:]),
        refresh_ms=_percentiles([_refresh_ms(scorer, seed + turn) for turn in range(_REFRESHES)]),
        seed=seed,
    )


def _trained(queries: int, agents: int, seed: int) -> GnnScorer:
    """Agents have abilities by task type; a query's vector leans to its task type."""
    rng = np.random.default_rng(seed)
    tasks = rng.integers(_TASKS, size=queries)
    vectors = unit_rows(_vectors(queries, rng) + 0.5 * _vectors(_TASKS, rng)[tasks])
    ability = rng.uniform(0.2, 0.9, size=(_TASKS, agents))
    quality = (rng.random((queries, agents)) < ability[tasks]).astype(np.float32)
    cost = (rng.uniform(0.5, 1.5, (queries, 1)) * np.geomspace(1e-4, 1e-2, agents)).astype(np.float32)
    known = Queries(
        texts=tuple(map(str, range(queries))), tasks=tuple(f"task{task}" for task in tasks), views={NGRAMS: vectors}
    )
    outcomes = Outcomes(arms=tuple(f"agent{place}" for place in range(agents)), quality=quality, cost=cost)
    return train_scorer(known, NGRAMS, outcomes, outcomes.arms, GnnTraining(seed=seed))


def _vectors(count: int, rng: np.random.Generator) -> Matrix:
    return unit_rows(rng.standard_normal((count, DIMENSIONS), dtype=np.float32))


def _refresh_ms(scorer: GnnScorer, seed: int) -> float:
    rng = np.random.default_rng(seed)
    vectors = _vectors(_REFRESHED, rng)
    edges = [(row, int(rng.integers(len(scorer.agents))), 1.0, 0.001) for row in range(_REFRESHED)]
    return _ms(lambda: scorer.with_outcomes(vectors, edges, _KEPT))


def _ms(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000.0


def _percentiles(taken: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(taken, (50, 99))
    return {"p50": float(p50), "p99": float(p99)}
