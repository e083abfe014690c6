"""A log with answers as one table of queries against agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.evidence.batch import UNASKED, Codes, EvidenceBatch, Flags, Floats
from stigmergy.routers.evidence.policy import Scales

_COMPARABLE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLog:
    """N queries, by id, against M agents, by name. A missing cell says that the agent is not available for that query.

    Attributes:
        texts: what was asked.
        tasks: the task type of each query.
        agents: names.
        answers: shape (N, M); codes as ``EvidenceBatch`` has them, ``UNASKED`` in missing cells.
        score: shape (N, M) in [0, 1]; 0 in missing cells.
        cost: shape (N, M) in USD; 0 in missing cells.
        effort: shape (N, M); ``log(1 + tokens out)``; 0 in missing cells.
        files: path to sha256 of every file that was read.
    """

    texts: tuple[str, ...]
    tasks: tuple[str, ...]
    agents: tuple[str, ...]
    answers: Codes
    score: Floats
    cost: Floats
    effort: Floats
    files: Mapping[str, str]

    @property
    def available(self) -> Flags:
        """Which cells the log has, shape (N, M)."""
        return np.asarray(self.answers != UNASKED)

    def take(self, rows: NDArray[np.intp]) -> AnswerLog:
        """Some of the queries."""
        return replace(
            self,
            texts=tuple(self.texts[row] for row in rows),
            tasks=tuple(self.tasks[row] for row in rows),
            answers=self.answers[rows],
            score=self.score[rows],
            cost=self.cost[rows],
            effort=self.effort[rows],
        )

    def of(self, agents: tuple[str, ...]) -> AnswerLog:
        """Some of the agents, in the order given."""
        places = [self.agents.index(agent) for agent in agents]
        return replace(
            self,
            agents=agents,
            answers=self.answers[:, places],
            score=self.score[:, places],
            cost=self.cost[:, places],
            effort=self.effort[:, places],
        )


def mean_of_available(log: AnswerLog, values: Floats) -> Floats:
    """Mean per agent over the queries for which it is available; (N, M) to (M,)."""
    counts = log.available.sum(axis=0)
    return np.asarray((values * log.available).sum(axis=0) / np.maximum(counts, 1))


def mean_scores(log: AnswerLog) -> Floats:
    """Mean score per agent, shape (M,); -1 for one whose queries are less than half: it was asked something else."""
    shares = log.available.mean(axis=0)
    comparable = shares >= min(_COMPARABLE, shares.max())
    return np.where(comparable, mean_of_available(log, log.score), -1.0)


def answer_scores(log: AnswerLog, codes: Codes, members: tuple[int, ...]) -> Floats:
    """The mean logged score of the members who gave an answer; (N, S) codes to (N, S) scores, 0 where nobody did."""
    gave = (codes[:, :, None] == log.answers[:, None, members]) & (codes[:, :, None] > 0)
    total = (gave * log.score[:, None, members]).sum(axis=2)
    return np.asarray(total / np.maximum(gave.sum(axis=2), 1))


def measure_scales(log: AnswerLog, best_cost_usd: float) -> Scales:
    """How raw figures of a roster's log are to be standardised."""
    mean = mean_of_available(log, log.effort)
    spread = np.sqrt(mean_of_available(log, (log.effort - mean) ** 2))
    length = _lengths(log)
    return Scales(
        effort_mean=mean,
        effort_spread=np.where(spread > 0.0, spread, 1.0),
        length_mean=float(length.mean()),
        length_spread=float(length.std()) or 1.0,
        best_cost_usd=best_cost_usd,
    )


def make_batch(log: AnswerLog, tasks: tuple[str, ...], scales: Scales) -> EvidenceBatch:
    """All that the roster's agents said, as an evidence policy sees it."""
    known = np.array(log.tasks)[:, None] == np.array(tasks)[None, :]
    standardised = (log.effort - scales.effort_mean) / scales.effort_spread
    return EvidenceBatch(
        answers=log.answers,
        effort=np.where(log.available, standardised, 0.0),
        spent=log.cost / scales.best_cost_usd,
        task=known.astype(np.float64),
        length=(_lengths(log) - scales.length_mean) / scales.length_spread,
    )


def _lengths(log: AnswerLog) -> Floats:
    return np.log1p(np.array([len(text) for text in log.texts], dtype=np.float64))
