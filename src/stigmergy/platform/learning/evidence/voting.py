"""Votes in which every agent weighs what its log says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.platform.learning.evidence.answer_log import AnswerLog
from stigmergy.routers.evidence.batch import NO_ANSWER, Codes, Floats

_STRENGTH: Final = 20.0
"""Queries that an agent's ability overall counts for in its ability on a task type."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """How often an answer of an agent was right: per task type, shape (T, M), and how many answers a query may have."""

    tasks: tuple[str, ...]
    right: Floats
    overall: Floats
    options: int

    def log_odds(self, log: AnswerLog) -> Floats:
        """The weight of each agent's vote on each query, shape (N, M): ``log(p (m - 1) / (1 - p))``.

        That is naive Bayes for agents that err independently of each other and evenly over the m - 1 wrong answers.
        """
        places = {task: place for place, task in enumerate(self.tasks)}
        table = np.concatenate((self.right, self.overall[None, :]))
        right = table[[places.get(task, len(self.tasks)) for task in log.tasks]]
        return np.asarray(np.log(right * (self.options - 1) / (1.0 - right)))


def measure_abilities(log: AnswerLog) -> Abilities:
    """From a log: counts per agent and task type, shrunk towards the agent's mean."""
    answered = log.answers > NO_ANSWER
    overall = (np.where(answered, log.score, 0.0).sum(axis=0) + 1.0) / (answered.sum(axis=0) + 2.0)
    tasks = tuple(sorted(set(log.tasks)))
    of_task = np.array([[task == other for task in log.tasks] for other in tasks], dtype=np.float64)
    right = (of_task @ (log.score * answered) + _STRENGTH * overall) / (of_task @ answered + _STRENGTH)
    return Abilities(tasks, np.clip(right, 0.01, 0.99), np.clip(overall, 0.01, 0.99), int(log.answers.max()))


def vote(answers: Codes, weights: Floats, options: int) -> tuple[Codes, Floats]:
    """The answer with the greatest weight behind it, and its posterior among ``options`` answers.

    Args:
        answers: shape (N, S).
        weights: log-odds of each agent, shape (N, S); of equal sums the earlier agent's answer wins.
        options: number of answers that are possible; the ones that nobody gave have weight 0.
    """
    given = answers > NO_ANSWER
    same = (answers[:, :, None] == answers[:, None, :]) & given[:, :, None]
    behind = np.where(given, (same * weights[:, None, :]).sum(axis=2), -np.inf)
    best = behind.argmax(axis=1)[:, None]
    share = np.where(given, np.exp(np.where(given, behind, 0.0)) / np.maximum(same.sum(axis=2), 1), 0.0)
    distinct = np.where(given, 1.0 / np.maximum(same.sum(axis=2), 1), 0.0).sum(axis=1)
    total = share.sum(axis=1) + np.maximum(options - distinct, 0.0)
    top = np.take_along_axis(behind, best, axis=1)[:, 0]
    code = np.where(np.isfinite(top), np.take_along_axis(answers, best, axis=1)[:, 0], NO_ANSWER)
    return code, np.where(np.isfinite(top), np.exp(np.minimum(top, 700.0)) / total, 0.0)
