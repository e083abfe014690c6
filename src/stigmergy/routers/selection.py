"""Scores become probabilities, and these one choice with its propensity."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, isfinite
from typing import Protocol

from stigmergy.errors import InvalidScores
from stigmergy.routers.base import Scores


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen candidate's index, the probability it was chosen with, and that of every candidate."""

    index: int
    probability: float
    probabilities: tuple[float, ...]


class Selection(Protocol):
    """Turns scores into a distribution over the candidates."""

    def probabilities(self, values: Sequence[float]) -> tuple[float, ...]:
        """One probability per value, in their order, summing to one up to rounding.

        Args:
            values: finite scores, at least one, higher is better.

        Raises:
            InvalidScores: nothing can be chosen from these values.
        """
        ...


class Greedy:
    """The highest score, with probability 1; of equal scores the first."""

    def probabilities(self, values: Sequence[float]) -> tuple[float, ...]:
        """See ``Selection``."""
        _check("greedy selection", values)
        best = max(range(len(values)), key=values.__getitem__)
        return tuple(float(index == best) for index in range(len(values)))


class Softmax:
    """``p_i ~ exp(score_i / temperature)``: the temperature, above 0, is in units of the scores."""

    def __init__(self, temperature: float) -> None:
        self._temperature = temperature

    def probabilities(self, values: Sequence[float]) -> tuple[float, ...]:
        """See ``Selection``."""
        _check("softmax selection", values)
        best = max(values)
        # A difference of two finite floats may overflow to minus infinity, whose exponential is a sound 0.
        weights = [exp((value - best) / self._temperature) for value in values]
        total = sum(weights)
        return tuple(weight / total for weight in weights)


class EpsilonGreedy:
    """The highest score (of equal ones the first), but with probability ``epsilon`` in [0, 1] any candidate."""

    def __init__(self, epsilon: float) -> None:
        self._epsilon = epsilon

    def probabilities(self, values: Sequence[float]) -> tuple[float, ...]:
        """``epsilon / n`` for every candidate, and ``1 - epsilon`` more for the best."""
        spread = self._epsilon / max(1, len(values))
        return tuple(spread + (1.0 - self._epsilon) * best for best in Greedy().probabilities(values))


class Proportional:
    """``p_i ~ score_i ^ power`` over scores of at least 0: the ants' rule, whose scores are products.

    Where every score is 0, all candidates are equally likely.
    """

    def __init__(self, power: float = 1.0) -> None:
        self._power = power

    def probabilities(self, values: Sequence[float]) -> tuple[float, ...]:
        """See ``Selection``; raises InvalidScores for a negative score, too."""
        _check("proportional selection", values)
        if min(values) < 0.0:
            raise InvalidScores("proportional selection", f"{min(values)} is below 0; use softmax for signed scores")
        best = max(values)
        if best == 0.0:
            return (1.0 / len(values),) * len(values)
        # Dividing by the best first keeps every power within [0, 1].
        weights = [(value / best) ** self._power for value in values]
        total = sum(weights)
        return tuple(weight / total for weight in weights)


def choose(probabilities: Sequence[float], rng: random.Random) -> int:
    """An index drawn with these probabilities; one that has probability 0 is never drawn."""
    reached = list(accumulate(probabilities))
    point = rng.random() * reached[-1]
    for index, (limit, probability) in enumerate(zip(reached, probabilities, strict=True)):
        if point < limit and probability > 0.0:
            return index
    return max(range(len(probabilities)), key=probabilities.__getitem__)


def select(router: str, scores: Scores, candidates: int, selection: Selection, rng: random.Random) -> Choice:
    """Choose one of ``candidates`` by a router's scores.

    Raises:
        InvalidScores: there is no score, not one per candidate, not one mapping of evidence per candidate (or none at
            all), a score is not finite, or the selection cannot use it. The error names ``router``.
    """
    if len(scores.values) != candidates:
        raise InvalidScores(router, f"{len(scores.values)} scores for {candidates} candidates")
    if len(scores.evidence) not in (0, candidates):
        raise InvalidScores(router, f"evidence of {len(scores.evidence)} for {candidates} candidates")
    try:
        probabilities = selection.probabilities(scores.values)
    except InvalidScores as refusal:
        raise InvalidScores(router, refusal.reason) from refusal
    index = choose(probabilities, rng)
    return Choice(index, probabilities[index], probabilities)


def _check(selection: str, values: Sequence[float]) -> None:
    if not values:
        raise InvalidScores(selection, "there are no scores; at least one candidate is needed")
    # One sum tells of any NaN or infinity; it may itself overflow, so only then each value is looked at.
    if not isfinite(sum(values)) and not all(map(isfinite, values)):
        bad = next(index for index, value in enumerate(values) if not isfinite(value))
        raise InvalidScores(selection, f"score {bad} is {values[bad]}; every score must be finite")
