"""What came of the work of agents so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import AgentId

_PRIOR: Final = 4.0
"""Outcomes that the mean of all agents counts for."""
_UNKNOWN: Final = 0.5


class TrackRecord:
    """Mean quality of the steps of each agent, drawn towards the mean of all of them.

    ::

        success(a) = (sum of qualities of a + 4 m) / (outcomes of a + 4),   m = (sum of all + 2) / (outcomes + 4)
    """

    def __init__(self) -> None:
        self._seen: dict[AgentId, tuple[float, int]] = {}
        self._total, self._outcomes = 0.0, 0

    def note(self, agent: AgentId, quality: float) -> None:
        """One more outcome, in [0, 1]."""
        total, outcomes = self._seen.get(agent, (0.0, 0))
        self._seen[agent] = (total + quality, outcomes + 1)
        self._total += quality
        self._outcomes += 1

    def success(self, agents: Sequence[AgentId]) -> NDArray[np.float64]:
        """Expected quality of each, in [0, 1]; that of a mean agent where nothing is known. Shape (agents,)."""
        mean = (self._total + _PRIOR * _UNKNOWN) / (self._outcomes + _PRIOR)
        seen = np.array([self._seen.get(agent, (0.0, 0)) for agent in agents]).reshape(-1, 2)
        return np.asarray((seen[:, 0] + _PRIOR * mean) / (seen[:, 1] + _PRIOR))
