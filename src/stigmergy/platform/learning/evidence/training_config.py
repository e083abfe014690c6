"""How an evidence policy is learnt, and which agents take part in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stigmergy.platform.learning.evidence.answer_log import AnswerLog, mean_of_available, mean_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How an evidence policy is learnt.

    Attributes:
        roster_size: most agents that take part; work and weights double with each.
        roster_price: what the best agent's mean cost is worth in quality when the roster is chosen.
        prices: the trade-offs that are learnt, as ``EvidencePolicy.prices``.
        posterior_penalty: strength of the penalty on the weights of votes.
        advantage_penalty: strength of the penalty on the weights of situations.
        folds: parts for out-of-fold predictions.
    """

    roster_size: int = 4
    roster_price: float = 0.1
    prices: tuple[float, ...] = (
        0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.3, 0.45, 0.7, 1.0,
    )  # fmt: skip
    posterior_penalty: float = 4.0
    advantage_penalty: float = 10.0
    folds: int = 4


def choose_roster(log: AnswerLog, config: TrainingConfig) -> tuple[str, ...]:
    """The best agent, and those with the highest mean score less the priced mean cost; cheapest first."""
    score, cost = mean_scores(log), mean_of_available(log, log.cost)
    best = int(score.argmax())
    worth = score - config.roster_price * cost / unit_of_cost(cost[best])
    worth[best] = np.inf
    chosen = np.argsort(-worth, kind="stable")[: config.roster_size]
    return tuple(log.agents[place] for place in sorted(chosen, key=lambda place: (cost[place], log.agents[place])))


def unit_of_cost(cost: float) -> float:
    """A cost to divide by; free agents are measured in dollars."""
    return float(cost) if cost > 0.0 else 1.0
