"""A trained evidence policy: for every set of agents asked, a posterior over answers and the worth of asking on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stigmergy.routers.evidence.batch import NO_ANSWER, Codes, EvidenceBatch, Flags, Floats, members_of
from stigmergy.routers.evidence.posterior import lay_ballot, likeliest, probabilities
from stigmergy.routers.evidence.situation import opening, situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """How raw figures were standardised in training; arrays of shape (K,) stand in the order of the roster."""

    effort_mean: Floats
    effort_spread: Floats
    length_mean: float
    length_spread: float
    best_cost_usd: float
    """Mean cost of the best single agent: the unit of ``EvidenceBatch.spent`` and of the prices of money."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says of N queries in one situation.

    Attributes:
        answer: code of the likeliest answer, shape (N,).
        confidence: its probability, shape (N,).
        advantage: of asking an agent over stopping, in quality, net of money; shape (N, K, L) for L trade-offs; minus
            infinity for who may not be asked.
        behind: shape (N,), the number of agents that gave the likeliest answer.
    """

    answer: Codes
    confidence: Floats
    advantage: Floats
    behind: Codes


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePolicy:
    """Weights for every set of agents, written as a bit mask over the roster.

    Attributes:
        roster: names of the K agents.
        tasks: names of the T task types.
        scales: of the raw figures.
        prices: shape (L,), ascending; what spending the best single agent's mean cost once is worth in quality.
        posteriors: set asked -> weights of ``posterior.probabilities``.
        advantages: (set asked, place of the next agent) -> shape (F, L), weights over the features of the situation.
    """

    roster: tuple[str, ...]
    tasks: tuple[str, ...]
    scales: Scales
    prices: Floats
    posteriors: Mapping[int, Floats]
    advantages: Mapping[tuple[int, int], Floats]

    def judge(self, batch: EvidenceBatch, asked: int, feasible: Flags) -> Verdict:
        """Weigh stopping against each next agent, for queries on which the same agents were asked.

        Args:
            batch: N queries.
            asked: the agents that have answered, as a bit mask.
            feasible: shape (N, K): who may be asked; who was asked already may not be asked again.
        """
        number = len(batch.length)
        members = members_of(asked)
        code, chance = np.full(number, NO_ANSWER), np.zeros(number)
        if asked:
            ballot = lay_ballot(batch, members)
            chances = probabilities(ballot, self.posteriors[asked])
            code, chance = likeliest(ballot, chances)
            features = situation(batch, members, ballot, chances)
        else:
            features = opening(batch)
        advantage = np.full((number, len(self.roster), len(self.prices)), -np.inf)
        for place in range(len(self.roster)):
            weights = self.advantages.get((asked, place))
            if weights is not None:
                advantage[:, place] = np.where(feasible[:, place, None], features @ weights, -np.inf)
        behind = ((batch.answers[:, members] == code[:, None]) & (code != NO_ANSWER)[:, None]).sum(axis=1)
        return Verdict(code, chance, advantage, behind)


def choose(advantage: Floats, *, nobody_asked: bool) -> Codes:
    """The place of the agent to ask, or -1 to stop; (N, K, L) to (N, L).

    An agent is asked when that is worth more than stopping; the first one also when it is not, because there is
    nothing to stop with.
    """
    best = advantage.argmax(axis=1)
    worth = np.take_along_axis(advantage, best[:, None, :], axis=1)[:, 0]
    wanted = np.isfinite(worth) if nobody_asked else worth > 0.0
    return np.where(wanted, best, -1)
