"""The guard: rejects queries that are out of distribution, with a calibrated probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Final, Protocol

from stigmergy.routers.guard.calibration import Calibration, Signal, Verdict
from stigmergy.routers.guard.labels import LabelModel
from stigmergy.routers.guard.neighbours import Neighbours
from stigmergy.routers.guard.terms import Terms, Vocabulary

_LEAST: Final = 1e-6
_LEAST_LIKENESS: Final = 0.01


class QueryGuard(Protocol):
    """Says of a query, before any agent is called, whether it is one for these agents."""

    def verdict(self, text: str) -> Verdict:
        """Pure and thread-safe."""
        ...


@dataclass(frozen=True, slots=True)
class Guard:
    """Reads a text and gives its verdict; pure and thread-safe.

    Signals are read only as far as the calibration weighs them; ``neighbours`` is None where it does not ask for
    remoteness.
    """

    vocabulary: Vocabulary
    labels: LabelModel
    neighbours: Neighbours | None
    calibration: Calibration
    threshold: float

    def verdict(self, text: str) -> Verdict:
        """Whether a query is one that the agents are for, and whose it would be."""
        agent, signals = read_signals(self.vocabulary.read(text), self.labels, self.neighbours)
        return Verdict(
            probability=self.calibration.probability(signals),
            threshold=self.threshold,
            agent=self.labels.agents[agent],
        )


def read_signals(terms: Terms, labels: LabelModel, neighbours: Neighbours | None) -> tuple[int, Mapping[Signal, float]]:
    """The place of the likeliest agent, and what speaks against the query."""
    chances = labels.chances(terms)
    agent = int(chances.argmax())
    chance = min(1.0 - _LEAST, max(_LEAST, float(chances[agent])))
    signals = {Signal.DOUBT: log((1.0 - chance) / chance)}
    if neighbours is not None:
        signals[Signal.REMOTENESS] = -log(_LEAST_LIKENESS + neighbours.likeness(terms))
    return agent, signals
