"""Outcomes to act in where policies see, in place of query vectors, what is expected of each way on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np

from stigmergy.platform.learning.paths.route_log import RouteLog
from stigmergy.platform.learning.rl.route_source import depths
from stigmergy.platform.learning.rl.sources import Called, Offers, OutcomeSource, QueryTable
from stigmergy.routers.observation import Floats, Money, ObservationSpec, Places, Truths
from stigmergy.routers.prospects import prospects

NOTHING: Final = -9.0
"""The worth of an action that no route goes on with; below anything that can be expected."""


class Outlook(Protocol):
    """Expects something of every action wherever an episode stands."""

    def worth(self, query: Places, state: Places, left: Money) -> Floats:
        """Expected success of B episodes by next action, shape (B, A); ``NOTHING`` where no route goes on."""
        ...

    def expecting(self, expected: Floats) -> Outlook:
        """The same of other expectations, shape (Q, R)."""
        ...


@dataclass(frozen=True, slots=True)
class ArmOutlook:
    """Of single calls: ``expected`` success of every arm on every query, shape (Q, A)."""

    expected: Floats

    def worth(self, query: Places, state: Places, left: Money) -> Floats:  # noqa: ARG002 - an arm is a whole route
        """See ``Outlook``."""
        return self.expected[query]

    def expecting(self, expected: Floats) -> ArmOutlook:
        """See ``Outlook``."""
        return ArmOutlook(expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOutlook:
    """Of R complete routes: an action is worth the best route that begins as the episode did and goes on with it.

    Routes whose rest what is left does not pay at worst are left out.

    Attributes:
        expected: success of every route on every query, shape (Q, R).
        prefix: what a state has walked so far, by number, shape (S,).
        following: the next action of every route behind a prefix, shape (P, R); -1 where it begins otherwise.
        rest: worst case of what a route still calls behind a prefix, in nano-dollars, shape (P, R).
        actions: A.
    """

    expected: Floats
    prefix: Places
    following: Places
    rest: Money
    actions: int

    def worth(self, query: Places, state: Places, left: Money) -> Floats:
        """See ``Outlook``."""
        at = self.prefix[state]
        following = np.where(self.rest[at] <= left[:, None], self.following[at], -1)
        expected, found = self.expected[query], np.full((len(query), self.actions), NOTHING, dtype=np.float32)
        for action in np.unique(following[following >= 0]):
            found[:, action] = np.where(following == action, expected, NOTHING).max(axis=1)
        return found

    def expecting(self, expected: Floats) -> RouteOutlook:
        """See ``Outlook``."""
        return replace(self, expected=expected)


def route_outlook(log: RouteLog, hops: Places, worst: Money, expected: Floats) -> RouteOutlook:
    """The outlook on a log of routes.

    Args:
        log: whose branches, and then the starts of its queries, are the states.
        hops: nodes of every route, shape (R, H), -1 behind its end.
        worst: case of every node, in nano-dollars, shape (A,).
        expected: success of every route on every query, shape (Q, R).
    """
    prefix, walked = _prefixes(log)
    cost = np.where(hops >= 0, worst[hops], 0)
    following, rest = np.full((2, len(walked), len(hops)), -1, dtype=np.int64)
    for number, nodes in enumerate(walked):
        here = (hops[:, : len(nodes)] == nodes).all(axis=1)
        if len(nodes) < hops.shape[1]:
            following[number] = np.where(here, hops[:, len(nodes)], -1)
        rest[number] = cost[:, len(nodes) :].sum(axis=1)
    return RouteOutlook(expected=expected, prefix=prefix, following=following, rest=rest, actions=len(log.nodes))


def _prefixes(log: RouteLog) -> tuple[Places, list[Places]]:
    """The number of what every state has walked, and the nodes of each number; 0: nothing yet."""
    branches, nodes, depth = log.branches, len(log.nodes), depths(log)
    number = np.zeros(len(branches) + len(log.queries), dtype=np.int64)
    walked = [np.empty(0, dtype=np.int64)]
    for hop in range(1, int(depth.max()) + 1):
        here = np.flatnonzero(depth == hop)
        above = np.where(branches.parent[here] >= 0, number[branches.parent[here]], 0)
        kinds, which = np.unique(above * nodes + branches.node[here], return_inverse=True)
        number[here] = len(walked) + which
        walked += [np.append(walked[kind // nodes], kind % nodes) for kind in kinds]
    return number, walked


@dataclass(frozen=True, slots=True)
class ForeseeingSource:
    """Another source, seen by what is expected of each way on from there. Implements ``OutcomeSource``."""

    source: OutcomeSource
    outlook: Outlook
    spec: ObservationSpec
    queries: QueryTable = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "queries", self.source.queries)

    def price_range(self, query: Places) -> tuple[Money, Money]:
        """See ``OutcomeSource``."""
        return self.source.price_range(query)

    def start(self, query: Places) -> Places:
        """See ``OutcomeSource``."""
        return self.source.start(query)

    def offers(self, query: Places, state: Places) -> Offers:
        """See ``OutcomeSource``."""
        return self.source.offers(query, state)

    def looks(self, query: Places, state: Places, left: Money, feasible: Truths) -> Floats:
        """See ``OutcomeSource``: prospects of every action."""
        return prospects(self.outlook.worth(query, state, left), feasible)

    def call(self, query: Places, state: Places, action: Places, luck: Floats) -> Called:
        """See ``OutcomeSource``."""
        return self.source.call(query, state, action, luck)
