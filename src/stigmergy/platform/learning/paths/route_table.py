"""Complete routes as arms: the table on which single routes, their hull and the oracle are judged (METHODS M2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import numpy as np

from stigmergy.domain import GOAL, NodeId
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.arm_selection import Selected, select_arms
from stigmergy.platform.learning.evaluation.hull import Floats, Places
from stigmergy.platform.learning.evaluation.log_reading import SPLITS
from stigmergy.platform.learning.evaluation.outcome_table import OutcomeTable
from stigmergy.platform.learning.paths.branches import AT_START
from stigmergy.platform.learning.paths.route_log import RouteLog

ARROW: Final = " > "
MOST_ROUTES: Final = 1_000
"""More routes than this cannot be held beside each other query by query."""

Route = tuple[NodeId, ...]


def select_routes(log: RouteLog) -> Selected:
    """Every route that all train queries have as an arm, then the queries that have them all.

    METHODS M2 keeps twelve arms and asks for 95 %; but whether a route is logged on a query depends on how its steps
    ended there, so that leaving out queries for the sake of routes would choose among queries by outcome.

    Raises:
        InvalidLog: there are too many routes, fewer than two that can be used, an empty split, or too few queries.
    """
    return select_arms(tabulate_routes(log), most=MOST_ROUTES, least_scored=1.0)


def tabulate_routes(log: RouteLog) -> OutcomeTable:
    """Quality and cost of every route on every query, by the shares of its steps' outcomes; NaN: not available.

    Raises:
        InvalidLog: a split is empty, or there are too many routes.
    """
    path = ", ".join(log.files)
    for split in SPLITS:
        if not log.rows_of(split).any():
            raise InvalidLog(path, f"its split {split} is empty; {', '.join(SPLITS)} need at least one query each")
    routes = _every_route(log, path)
    tables = _Tables(log, routes)
    figures = np.stack([tables.of(query) for query in range(len(log.queries))])
    return OutcomeTable(
        query_ids=log.queries.ids,
        texts=log.queries.texts,
        tasks=log.queries.tasks,
        splits=log.queries.splits,
        arms=tuple(ARROW.join(route) for route in routes),
        quality=figures[:, 0],
        cost=figures[:, 1],
        rows=len(log.branches),
        repeated_cells=log.repeated,
        files=log.files,
    )


class _Tables:
    """What every route does on a query, all at once: routes with the same beginning share its steps.

    After an outcome from which the log goes to GOAL and nowhere else, so does the route.
    """

    def __init__(self, log: RouteLog, routes: Sequence[Route]) -> None:
        self._log, self._routes = log, routes
        self._parts: dict[tuple[int, int, int], list[tuple[NodeId, int, int]]] = {}

    def of(self, query: int) -> Floats:
        """Quality and cost in USD of every route, shape (2, routes); NaN where it is not available."""
        return self._after(query, AT_START, (0, len(self._routes), 0))

    def _after(self, query: int, row: int, part: tuple[int, int, int]) -> Floats:
        first, end, hops = part
        found = np.full((2, end - first), np.nan)
        steps = self._log.children(query, row)
        if not steps:
            found[:] = [[np.nan_to_num(self._log.branches.quality[row])], [0.0]]
        elif tuple(steps) == (GOAL,):
            found[:] = self._followed(query, steps[GOAL], (first, end, hops))
        else:
            for node, low, high in self._next(part):
                if node in steps:
                    found[:, low - first : high - first] = self._followed(query, steps[node], (low, high, hops + 1))
        return found

    def _followed(self, query: int, rows: Places, part: tuple[int, int, int]) -> Floats:
        """A step's outcomes, by their shares."""
        found = np.zeros((2, part[1] - part[0]))
        for row, share in zip(rows.tolist(), self._log.shares(rows).tolist(), strict=True):
            own = np.array([[0.0], [self._log.branches.cost[row]]])
            found += share * (own + self._after(query, row, part))
        return found

    def _next(self, part: tuple[int, int, int]) -> list[tuple[NodeId, int, int]]:
        """The nodes that routes ``first`` to ``end``, alike for ``hops`` nodes, go to next, and which of them do."""
        if part not in self._parts:
            first, end, hops = part
            ahead = [(*self._routes[place], GOAL)[hops] for place in range(first, end)]
            self._parts[part], low = [], first
            for node, alike in groupby(ahead):
                high = low + len(list(alike))
                self._parts[part].append((node, low, high))
                low = high
        return self._parts[part]


def _every_route(log: RouteLog, path: str) -> list[Route]:
    """Every way to GOAL in any query's tree, but for those that only ended sooner than others that begin like them."""
    chosen: set[Route] = set()
    found: set[Route] = set()
    for query in range(len(log.queries)):
        for route, could_go_on in _routes_after(log, query, AT_START, ()):
            (chosen if could_go_on else found).add(route)
        if len(found) > MOST_ROUTES:
            raise InvalidLog(path, f"it has more than {MOST_ROUTES} routes")
    begun = {route[:hops] for route in found | chosen for hops in range(len(route))}
    return sorted(chosen | (found - begun))


def _routes_after(log: RouteLog, query: int, row: int, before: Route) -> Iterator[tuple[Route, bool]]:
    """Ways to an end, and whether something else than GOAL could have followed there."""
    steps = log.children(query, row)
    if not steps:
        yield before, False
    for node, rows in steps.items():
        if node == GOAL:
            yield before, len(steps) > 1
        else:
            for each in rows.tolist():
                yield from _routes_after(log, query, each, (*before, node))
