"""What an evidence router is measured against: each offers policies, with what they come to on every query of a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, permutations
from typing import Final, TypeAlias

import numpy as np

from stigmergy.platform.learning.evidence.answer_log import AnswerLog, mean_of_available, mean_scores
from stigmergy.platform.learning.evidence.induction import Continuation
from stigmergy.platform.learning.evidence.voting import Abilities, measure_abilities, vote
from stigmergy.routers.evidence.batch import UNASKED, Codes, Flags, Floats

Baseline: TypeAlias = Callable[[AnswerLog], Continuation]
"""Policies that are fixed; played on any log of the same agents. Costs in USD."""

_Answered: TypeAlias = tuple[Floats, Floats, Floats]
"""Quality, cost and confidence of a vote of those asked, each of shape (N,)."""

_THRESHOLDS: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98, 0.99, 0.997, 2.0)
"""Posterior at which a chain stops; the last one never does."""


def learn_baselines(log: AnswerLog, roster: tuple[str, ...]) -> dict[str, Baseline]:
    """Every baseline, from the learning queries; chains and probes use the roster that the evidence router uses."""
    score, cost = mean_scores(log), mean_of_available(log, log.cost)
    best = log.agents[int(score.argmax())]
    by_score = tuple(log.agents[place] for place in np.argsort(-score, kind="stable"))
    abilities = measure_abilities(log.of(by_score))
    mine = measure_abilities(log.of(roster))
    cheapest = log.agents[int(cost.argmin())]
    return {
        "best_single": lambda of: _ask_all(of.of((best,)), None),
        "cheapest": lambda of: _ask_all(of.of((cheapest,)), None),
        "vote": lambda of: _ask_all(of.of(by_score), None),
        "weighted_vote": lambda of: _ask_all(of.of(by_score), abilities),
        "probes": lambda of: _probes(of.of(roster), roster.index(best), mine),
        "threshold_chain": lambda of: _chains(of.of(roster), mine),
    }


def _ask_all(log: AnswerLog, abilities: Abilities | None) -> Continuation:
    weights = np.ones(log.answers.shape) if abilities is None else abilities.log_odds(log)
    return _together([_answered(log, log.answers, weights, 2 if abilities is None else abilities.options)[:2]])


def _probes(log: AnswerLog, best: int, abilities: Abilities) -> Continuation:
    """ACAR: several cheap agents; where they do not all agree, the best one is asked too; a weighted vote decides."""
    weights = abilities.log_odds(log)
    others = [place for place in range(len(log.agents)) if place != best]
    found = []
    for size in range(2, len(others) + 1):
        for probes in combinations(others, size):
            answers = _only(log.answers, probes)
            agreed = _unanimous(answers[:, probes])
            answers[:, best] = np.where(agreed, UNASKED, log.answers[:, best])
            found.append(_answered(log, answers, weights, abilities.options)[:2])
    return _together(found or [_answered(log, log.answers, weights, abilities.options)[:2]])


def _chains(log: AnswerLog, abilities: Abilities) -> Continuation:
    """FrugalGPT with agreement: every order of every part of the roster; on until the weighted vote is sure enough."""
    weights = abilities.log_odds(log)
    places = range(len(log.agents))
    parts = [frozenset(part) for size in range(1, len(places) + 1) for part in combinations(places, size)]
    after = {part: _answered(log, _only(log.answers, sorted(part)), weights, abilities.options) for part in parts}
    orders = [order for size in range(1, len(places) + 1) for order in permutations(places, size)]
    return _together([policy for order in orders for policy in _chain(order, after)])


def _chain(order: tuple[int, ...], after: Mapping[frozenset[int], _Answered]) -> Iterator[tuple[Floats, Floats]]:
    stages = [after[frozenset(order[: length + 1])] for length in range(len(order))]
    for threshold in _THRESHOLDS if len(order) > 1 else _THRESHOLDS[-1:]:
        quality, cost, _ = stages[-1]
        for earlier_quality, earlier_cost, confidence in reversed(stages[:-1]):
            stops = confidence >= threshold
            quality, cost = np.where(stops, earlier_quality, quality), np.where(stops, earlier_cost, cost)
        yield quality, cost


def _only(answers: Codes, places: Sequence[int]) -> Codes:
    asked = np.full_like(answers, UNASKED)
    asked[:, places] = answers[:, places]
    return asked


def _unanimous(answers: Codes) -> Flags:
    """All who were there gave the same answer, and two at least did."""
    there = answers != UNASKED
    highest = answers.max(axis=1, keepdims=True)
    return np.asarray(((answers == highest) | ~there).all(axis=1) & (highest[:, 0] > 0) & (there.sum(axis=1) > 1))


def _answered(log: AnswerLog, answers: Codes, weights: Floats, options: int) -> _Answered:
    code, confidence = vote(answers, weights, options)
    gave = (answers == code[:, None]) & (code[:, None] > 0)
    quality = (gave * log.score).sum(axis=1) / np.maximum(gave.sum(axis=1), 1)
    return quality, (log.cost * (answers != UNASKED)).sum(axis=1), confidence


def _together(policies: list[tuple[Floats, Floats]]) -> Continuation:
    return Continuation(
        np.stack([quality for quality, _ in policies], axis=1), np.stack([cost for _, cost in policies], axis=1)
    )
