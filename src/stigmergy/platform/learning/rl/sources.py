"""Where the outcomes of a replay come from, as one small protocol.

Everything works on B episodes at once. A *state* is a number that only its source understands: where an episode stands
beyond its query (0 for logs of single calls; a place in the tree of logged prefixes for logs of routes). *Luck* in
[0, 1) is drawn per episode and action before the first hop, so that two policies that take the same action in the same
episode get the same outcome: differences between policies are then paired.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.observation import Floats, Money, ObservationSpec, Places, Truths


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTable:
    """Q queries: vectors (Q, D), mixtures (Q, T), the bootstrap cluster (the query's id) and split of each."""

    features: Floats
    mixture: Floats
    cluster: NDArray[np.object_]
    split: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.features)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What can be chosen from where B episodes stand; all but ``position`` of shape (B, A).

    ``open``: leads on from here and has an outcome. Where it is False, the amounts are 0.
    """

    position: Places
    open: Truths
    worst_case: Money
    cost_to_go: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What B calls came to.

    ``charged`` is never above the worst case: ``cut`` calls were stopped there. ``quality`` counts where ``ended``; a
    cut call that ends an episode has 0. ``latency_s`` is 0 where it was not logged.
    """

    charged: Money
    quality: Floats
    latency_s: Floats
    cut: Truths
    ended: Truths
    state: Places


class OutcomeSource(Protocol):
    """Logged outcomes that can be acted in again."""

    @property
    def spec(self) -> ObservationSpec:
        """What policies see, and which actions there are."""
        ...

    @property
    def queries(self) -> QueryTable:
        """The queries, in the order of their numbers."""
        ...

    def price_range(self, query: Places) -> tuple[Money, Money]:
        """Worst case of the cheapest and of the dearest route of each query."""
        ...

    def start(self, query: Places) -> Places:
        """The state in which an episode of each query begins."""
        ...

    def offers(self, query: Places, state: Places) -> Offers:
        """What can be chosen there."""
        ...

    def looks(self, query: Places, state: Places, left: Money, feasible: Truths) -> Floats:
        """What policies see of the queries there, shape (B, ``spec.feature_size``), with that much money left."""
        ...

    def call(self, query: Places, state: Places, action: Places, luck: Floats) -> Called:
        """Take an open action in each; the same arguments give the same outcome."""
        ...
