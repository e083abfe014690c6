"""From signals to a probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import exp
from typing import Any, Self

from stigmergy.domain import AgentId


class Signal(StrEnum):
    """What speaks against a query; both grow with strangeness.

    ``doubt`` is ``log((1 - p) / p)``, p the probability of the likeliest agent; ``remoteness`` is minus the logarithm
    of the likeness to the nearest known queries.
    """

    DOUBT = "doubt"
    REMOTENESS = "remoteness"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling over one or more signals: ``sigmoid(sum of slope x signal + offset)``.

    The probability holds at even odds, that is, where as many strange queries come as known ones.
    """

    slopes: Mapping[Signal, float]
    offset: float

    def probability(self, signals: Mapping[Signal, float]) -> float:
        """That the query is none of the known kind."""
        total = self.offset + sum(slope * signals[signal] for signal, slope in self.slopes.items())
        return 1.0 / (1.0 + exp(-max(-500.0, min(500.0, total))))

    def to_dict(self) -> dict[str, Any]:
        """JSON-compatible values."""
        return {"slopes": {str(signal): slope for signal, slope in self.slopes.items()}, "offset": self.offset}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """What ``to_dict`` wrote; raises KeyError or ValueError for anything else."""
        return cls({Signal(name): slope for name, slope in document["slopes"].items()}, document["offset"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a guard says of a query: the probability of ``reject``, and the likeliest agent if it is not rejected."""

    probability: float
    threshold: float
    agent: AgentId

    @property
    def rejected(self) -> bool:
        """Whether the query is refused."""
        return self.probability > self.threshold

    @property
    def reason(self) -> str:
        """For the person whose query it was."""
        return (
            f"guard: the query is none that these agents are for, with probability {self.probability:.2f} "
            f"(the limit is {self.threshold:.2f})"
        )
