"""A player against a stream, or against a log of uniform choices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.bandits.players import Player
from stigmergy.platform.learning.bandits.stream import Stream

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Played:
    """What a player got per round, and the regret: how much less than the best open arm of that very query."""

    rewards: Floats
    regret: Floats


def play(player: Player, stream: Stream) -> Played:
    """All rounds, one after the other; rounds without an open arm are passed over."""
    places = [np.flatnonzero(row) for row in stream.open]
    played = [turn for turn, open_arms in enumerate(places) if len(open_arms)]
    got = np.zeros(len(played))
    for round_, turn in enumerate(played):
        context = stream.contexts[turn]
        arm = player.choose(context, places[turn])
        got[round_] = stream.rewards[turn, arm]
        player.learn(context, arm, float(got[round_]))
    best = np.where(stream.open, stream.rewards, -np.inf).max(axis=1)[played]
    return Played(got, best - got)


@dataclass(frozen=True, slots=True, kw_only=True)
class UniformLog:
    """R rows of a log whose arms were drawn uniformly, whatever the query.

    Attributes:
        arms: their names.
        query: which query each row is of, shape (R,).
        contexts: shape (R, d).
        arm: the place of the arm that was drawn, shape (R,).
        reward: shape (R,).
        best: the reward of the best arm for the query, shape (R,).
    """

    arms: tuple[str, ...]
    query: NDArray[np.intp]
    contexts: Floats
    arm: NDArray[np.intp]
    reward: Floats
    best: Floats


def replay(player: Player, log: UniformLog, rows: NDArray[np.intp]) -> Played:
    """Unbiased replay (Li, Chu, Langford and Wang, 2011).

    Rows on which the player would have drawn the logged arm are what it sees; all others are as if they had never been.
    With uniform choices what it sees is distributed as if it had been asked.
    """
    every, got = np.arange(len(log.arms)), []
    for row in rows:
        context = log.contexts[row]
        if player.choose(context, every) == log.arm[row]:
            player.learn(context, int(log.arm[row]), float(log.reward[row]))
            got.append(row)
    return Played(log.reward[got], log.best[got] - log.reward[got])
