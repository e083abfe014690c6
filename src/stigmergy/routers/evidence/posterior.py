"""How likely each answer that was given is right: a posterior over answers by weighted votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.routers.evidence.batch import NO_ANSWER, Codes, EvidenceBatch, Flags, Floats

_TASK_SCALE: Final = 0.5
"""A smaller scale is a stronger penalty: an agent's weight on a task type is shrunk towards its weight overall."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """The distinct answers of S agents to N queries, and what speaks for each.

    Attributes:
        codes: shape (N, S); the answers in the order in which the agents stand.
        given: shape (N, S); False where the place is empty: an agent without an answer, or with one that stands before.
        support: shape (N, S, D); features of each answer.
        doubt: shape (N, E); features of the case that none of them is right.
    """

    codes: Codes
    given: Flags
    support: Floats
    doubt: Floats


def lay_ballot(batch: EvidenceBatch, members: tuple[int, ...]) -> Ballot:
    """The answers of some agents of the roster.

    An answer is supported by each agent that gave it (overall, by task type, and by the effort that the agent took), by
    each pair that agrees on it, because agents that fail alike are worth less together than apart, and by how many
    agree.
    """
    answers = batch.answers[:, members]
    codes, given = _distinct(answers)
    votes = ((codes[:, :, None] == answers[:, None, :]) & given[:, :, None]).astype(np.float64)
    size = len(members)
    first, second = np.triu_indices(size, 1)
    effort = batch.effort[:, members]
    by_task = votes[:, :, :, None] * batch.task[:, None, None, :] * _TASK_SCALE
    support = np.concatenate(
        (
            votes,
            by_task.reshape(len(answers), size, -1),
            votes * effort[:, None, :],
            votes[:, :, first] * votes[:, :, second],
            votes.sum(axis=2, keepdims=True) == np.arange(2, size + 1),
        ),
        axis=2,
    )
    distinct = given.sum(axis=1, keepdims=True) == np.arange(size + 1)
    one = np.ones((len(answers), 1))
    return Ballot(codes, given, support, np.concatenate((one, batch.task * _TASK_SCALE, distinct, effort), axis=1))


def probabilities(ballot: Ballot, weights: Floats) -> Floats:
    """Shape (N, S + 1): that each answer is right, last that none is; 0 at empty places.

    A conditional logit (McFadden, 1974): ``p(answer) = exp(w . support) / (sum over answers + exp(v . doubt))``.

    Args:
        ballot: of N queries.
        weights: w and v, one after the other, shape (D + E,).
    """
    dimensions = ballot.support.shape[2]
    scores = np.where(ballot.given, ballot.support @ weights[:dimensions], -np.inf)
    logits = np.concatenate((scores, (ballot.doubt @ weights[dimensions:])[:, None]), axis=1)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def likeliest(ballot: Ballot, chances: Floats) -> tuple[Codes, Floats]:
    """The answer to stop with and its probability, each of shape (N,); ``NO_ANSWER`` and 0 where nobody gave any."""
    offered = np.where(ballot.given, chances[:, :-1], -1.0)
    best = offered.argmax(axis=1)[:, None]
    chance = np.take_along_axis(offered, best, axis=1)[:, 0]
    code = np.take_along_axis(ballot.codes, best, axis=1)[:, 0]
    return np.where(chance >= 0.0, code, NO_ANSWER), np.maximum(chance, 0.0)


def _distinct(answers: Codes) -> tuple[Codes, Flags]:
    given = answers > NO_ANSWER
    for place in range(1, answers.shape[1]):
        given[:, place] &= (answers[:, :place] != answers[:, place, None]).all(axis=1)
    return np.where(given, answers, NO_ANSWER), given
