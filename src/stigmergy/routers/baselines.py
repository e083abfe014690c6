"""Baselines that look at no price: random, round robin, least loaded. None of them learns."""

from __future__ import annotations

from collections import Counter
from threading import Lock

from stigmergy.domain import NodeId
from stigmergy.routers.base import Outcome, RoutingState, Scores


class FixedRule:
    """A router that every outcome leaves as it is."""

    def learn(self, outcome: Outcome) -> None:
        """There is nothing to learn."""


class RandomRouter(FixedRule):
    """Scores every candidate 0; the selection's softmax then draws uniformly."""

    def scores(self, state: RoutingState) -> Scores:
        """See ``Router``."""
        count = len(state.candidates)
        return Scores((0.0,) * count, ({"chance": 1.0 / count},) * count)


class RoundRobinRouter(FixedRule):
    """Scores 1 for the candidate whose turn it is at this position, 0 for the others.

    Each call is a turn, so the same state does not score the same twice. Thread-safe.
    """

    def __init__(self) -> None:
        self._turns: Counter[tuple[str, NodeId]] = Counter()
        self._lock = Lock()

    def scores(self, state: RoutingState) -> Scores:
        """See ``Router``."""
        place = state.graph.version, state.position
        with self._lock:
            turn = self._turns[place]
            self._turns[place] += 1
        next_one = turn % len(state.candidates)
        values = tuple(float(index == next_one) for index in range(len(state.candidates)))
        return Scores(values, tuple({"turn": float(turn)} for _ in values))


class LeastLoadedRouter(FixedRule):
    """Scores minus the agent's calls in flight. GOAL has none: where an episode may end, it ends."""

    def scores(self, state: RoutingState) -> Scores:
        """See ``Router``."""
        loads = [float(state.overlay.of(candidate.agent).load) for candidate in state.candidates]
        return Scores(tuple(-load for load in loads), tuple({"load": load} for load in loads))
