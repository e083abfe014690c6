"""Decisions as a log of attempts, in the columns that every training on files takes."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple
from typing import TypeAlias

import numpy as np

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.log_reading import TRAIN, Attempts
from stigmergy.platform.learning.logs.decisions import NodeDecision, decisions_of
from stigmergy.platform.learning.logs.episodes import logged_episodes
from stigmergy.platform.ports import Store
from stigmergy.platform.records import EpisodeFilter

_Cell: TypeAlias = tuple[str, str, str]
"""Query, task type, agent."""


async def stored_attempts(store: Store, graph: str) -> Attempts:
    """What routers decided in the judged episodes of a graph, as a log of attempts.

    Raises:
        InvalidLog: the graph has no judged decision.
        RecordUnreadable, StoreUnavailable: as ``logged_episodes``.
    """
    narrow = EpisodeFilter(graph=graph, limit=500)
    found = [decision async for logged in logged_episodes(store, narrow) for decision in decisions_of(logged)]
    return attempts_of(found, f"the episodes of graph {graph}")


def attempts_of(decisions: Iterable[NodeDecision], source: str) -> Attempts:
    """One row per query, task type and agent; all of it is the train split.

    An agent that answered a query several times has the mean of its runs, each weighted by the inverse of its chance of
    being judged; an agent that was not chosen for a query has no row, which is a missing cell.

    Args:
        decisions: in any order.
        source: what a person calls them.

    Raises:
        InvalidLog: there are none.
    """
    cells: dict[_Cell, list[NodeDecision]] = defaultdict(list)
    rows = []
    for each in decisions:
        cells[each.query, each.task_type, each.agent].append(each)
        rows.append(astuple(each))
    if not cells:
        raise InvalidLog(source, "no judged episode in it holds a choice of a router between agents")
    means = [_means(runs) for _, runs in sorted(cells.items())]
    queries, tasks, agents = (np.array(column, dtype=object) for column in zip(*sorted(cells), strict=True))
    ids = [_digest([query, task]) for query, task in zip(queries, tasks, strict=True)]
    return Attempts(
        query_id=np.array(ids, dtype=object),
        task=tasks,
        query=queries,
        model=agents,
        split=np.full(len(ids), TRAIN, dtype=object),
        score=np.array([score for score, _ in means]),
        cost=np.array([cost for _, cost in means]),
        files={source: _digest(sorted(rows))},
    )


def _means(runs: list[NodeDecision]) -> tuple[float, float]:
    """Score and cost of a cell."""
    weights = [1.0 / run.judged_probability for run in runs]
    score, cost = (
        float(np.average(values, weights=weights))
        for values in ([run.score for run in runs], [run.cost_usd for run in runs])
    )
    return score, cost


def _digest(rows: object) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
