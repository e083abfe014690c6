"""Whose query is it? A linear classifier of what an agent serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import AgentId
from stigmergy.routers.guard.terms import Terms

REJECT: Final = AgentId("")
"""Stands where a label, or a query, is no agent's."""


class LabelModel:
    """Multinomial logistic regression over labels, each of them one agent's or nobody's.

    ``p(label | x) = softmax(W x + b)``, ``p(agent | x)`` the sum over its labels. Labels may be finer than agents:
    many narrow ones tell better what none of them covers.

    Args:
        agents: the agents, in the order of the chances.
        owners: for each label the place of its agent in ``agents``; -1 for queries that nobody serves.
        weights: shape (terms, labels).
        bias: shape (labels,).
    """

    def __init__(
        self,
        agents: Sequence[AgentId],
        owners: NDArray[np.int32],
        weights: NDArray[np.float16],
        bias: NDArray[np.float32],
    ) -> None:
        self.agents: Final = tuple(agents)
        self.owners: Final = owners
        self.weights: Final = weights
        self.bias: Final = bias
        self._served = owners >= 0

    def chances(self, terms: Terms) -> NDArray[np.float64]:
        """The probability of each agent, shape (agents,); what is missing to 1 is nobody's."""
        rows = self.weights[terms.columns].astype(np.float32)
        logits = (terms.weights @ rows + self.bias).astype(np.float64)
        powers = np.exp(logits - logits.max())
        powers /= powers.sum()
        served = self._served
        return np.bincount(self.owners[served], powers[served], len(self.agents)).astype(np.float64)
