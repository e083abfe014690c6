"""Learn an evidence policy from a log with answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.platform.learning.evidence.answer_log import (
    AnswerLog,
    answer_scores,
    make_batch,
    mean_of_available,
    mean_scores,
    measure_scales,
)
from stigmergy.platform.learning.evidence.induction import Continuation, cross_fit, follow, stop_here
from stigmergy.platform.learning.evidence.posterior_fitting import fit_posterior, lay_choices
from stigmergy.platform.learning.evidence.training_config import TrainingConfig, choose_roster, unit_of_cost
from stigmergy.routers.estimators.folds import fold_numbers
from stigmergy.routers.evidence.batch import EvidenceBatch, Flags, Floats, members_of
from stigmergy.routers.evidence.policy import EvidencePolicy, choose
from stigmergy.routers.evidence.posterior import lay_ballot, likeliest, probabilities
from stigmergy.routers.evidence.situation import opening, situation

_RIGHT: Final = 0.5
"""An answer with a higher score counts as right."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A policy, and what its out-of-fold decisions came to on the learning queries, shape (N, L)."""

    policy: EvidencePolicy
    out_of_fold: Continuation


@dataclass(frozen=True, slots=True)
class _Standing:
    """One set of agents asked, on the learning queries, out of fold."""

    features: Floats
    stopped: Floats
    """Quality of the likeliest answer, shape (N,)."""


def train(log: AnswerLog, config: TrainingConfig) -> Trained:
    """Learn posteriors and advantages for every set of a roster that is chosen from the same log. Deterministic.

    For each set of agents asked, from the largest to none: fit the posterior; regress what asking each further agent
    came to, going on by the decisions learnt so far, over stopping; decide by out-of-fold predictions of both.
    """
    score, cost = mean_scores(log), mean_of_available(log, log.cost)
    roster = choose_roster(log, config)
    scales = measure_scales(log.of(roster), unit_of_cost(cost[score.argmax()]))
    tasks = tuple(sorted(set(log.tasks)))
    mine = log.of(roster)
    induction = _Induction(mine, make_batch(mine, tasks, scales), config)
    out_of_fold = induction.run()
    policy = EvidencePolicy(
        roster=roster,
        tasks=tasks,
        scales=scales,
        prices=np.array(config.prices),
        posteriors=induction.posteriors,
        advantages=induction.advantages,
    )
    return Trained(policy, Continuation(out_of_fold.quality, out_of_fold.cost * scales.best_cost_usd))


class _Induction:
    """The state of backward induction; costs are shares of the best single agent's mean."""

    def __init__(self, log: AnswerLog, batch: EvidenceBatch, config: TrainingConfig) -> None:
        self._log, self._batch, self._config = log, batch, config
        self._prices = np.array(config.prices)
        self._folds = fold_numbers(log.texts, "inner", config.folds)
        self.posteriors: dict[int, Floats] = {}
        self.advantages: dict[tuple[int, int], Floats] = {}

    def run(self) -> Continuation:
        ahead: dict[int, Continuation] = {}
        for asked in reversed(range(1 << len(self._log.agents))):
            ahead[asked] = self._decide(asked, self._stand(asked), ahead)
        return ahead[0]

    def _stand(self, asked: int) -> _Standing:
        if not asked:
            return _Standing(opening(self._batch), np.zeros(len(self._log.texts)))
        members = members_of(asked)
        ballot = lay_ballot(self._batch, members)
        scores = answer_scores(self._log, ballot.codes, members)
        choices, there = lay_choices(ballot, scores > _RIGHT), self._present(members)
        whole = fit_posterior(choices.take(there), self._config.posterior_penalty)
        chances = np.empty(choices.possible.shape)
        for part in range(self._config.folds):
            outside = there & (self._folds != part)
            weights = fit_posterior(choices.take(outside), self._config.posterior_penalty, whole)
            inside = self._folds == part
            chances[inside] = probabilities(ballot, weights)[inside]
        self.posteriors[asked] = whole
        code, _ = likeliest(ballot, chances)
        stopped = answer_scores(self._log, code[:, None], members)[:, 0]
        return _Standing(situation(self._batch, members, ballot, chances), stopped)

    def _decide(self, asked: int, standing: _Standing, ahead: dict[int, Continuation]) -> Continuation:
        stopped = stop_here(standing.stopped, len(self._prices))
        here = self._present(members_of(asked))
        going: dict[int, Continuation] = {}
        advantage = np.full((len(here), len(self._log.agents), len(self._prices)), -np.inf)
        for place in range(len(self._log.agents)):
            if asked >> place & 1:
                continue
            then = ahead[asked | 1 << place]
            going[place] = Continuation(then.quality, then.cost + self._batch.spent[:, place, None])
            gain = going[place].net(self._prices) - stopped.net(self._prices)
            able = self._log.available[:, place]
            weights, predicted = cross_fit(
                standing.features, gain, here & able, self._folds, self._config.advantage_penalty
            )
            self.advantages[asked, place] = weights
            advantage[:, place] = np.where(able[:, None], predicted, -np.inf)
        return follow(stopped, going, choose(advantage, nobody_asked=not asked))

    def _present(self, members: tuple[int, ...]) -> Flags:
        return np.asarray(self._log.available[:, members].all(axis=1))
