"""What the decision to stop or to ask looks at, as a vector."""

from __future__ import annotations

from typing import Final

import numpy as np

from stigmergy.routers.evidence.batch import EvidenceBatch, Floats
from stigmergy.routers.evidence.posterior import Ballot, likeliest

_KNOTS: Final = np.array([0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
"""Where the worth of asking may change its slope in the probability of the likeliest answer."""
_TASK_SCALE: Final = 0.5


def opening(batch: EvidenceBatch) -> Floats:
    """Before anybody was asked: shape (N, 2 + 2 T), of task types and length."""
    length = batch.length[:, None]
    one = np.ones_like(length)
    return np.concatenate((one, batch.task, length, batch.task * length * _TASK_SCALE), axis=1)


def situation(batch: EvidenceBatch, members: tuple[int, ...], ballot: Ballot, chances: Floats) -> Floats:
    """After some agents have answered, shape (N, F).

    The three likeliest answers' probabilities, who stands behind the first, how many differ, task type, money taken so
    far and length; most of them also times the first probability, so that its slope may differ with them.
    """
    top, second, third = _first_three(np.where(ballot.given, chances[:, :-1], 0.0))
    code, _ = likeliest(ballot, chances)
    distinct = ballot.given.sum(axis=1, keepdims=True) == np.arange(len(members) + 1)
    behind = batch.answers[:, members] == code[:, None]
    sloped = np.concatenate(
        (behind, distinct, batch.spent[:, members], batch.length[:, None], batch.task * _TASK_SCALE), axis=1
    )
    plain = (np.ones_like(top), top, second, third, chances[:, -1:], np.maximum(top - _KNOTS, 0.0))
    products = (top * second, (top - second) ** 2, second**2, batch.task * second * _TASK_SCALE)
    return np.concatenate((*plain, *products, sloped, sloped * top), axis=1)


def _first_three(chances: Floats) -> tuple[Floats, Floats, Floats]:
    ranked = -np.sort(-np.pad(chances, ((0, 0), (0, 2))), axis=1)
    return ranked[:, 0:1], ranked[:, 1:2], ranked[:, 2:3]
