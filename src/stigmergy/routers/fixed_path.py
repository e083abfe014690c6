"""One configured route for every query."""

from __future__ import annotations

from itertools import pairwise

from stigmergy.domain import GOAL, START, NodeId
from stigmergy.graphs.weights import WeightModel
from stigmergy.routers.base import RoutingState, Scores
from stigmergy.routers.baselines import FixedRule
from stigmergy.routers.dijkstra import PathWeights, lightness


class FixedPathRouter(FixedRule):
    """Follows a route; where its next node is not feasible, or off the route, takes the lightest way to GOAL.

    The evidence says which: ``on_route`` is 1 for the route's own node, ``fallback`` is 1 for every candidate of a hop
    at which the route could not be followed.
    """

    def __init__(self, route: tuple[NodeId, ...], model: WeightModel) -> None:
        self._next = dict(pairwise((START, *route, GOAL)))
        self._weights = PathWeights(model)

    def scores(self, state: RoutingState) -> Scores:
        """1 for the route's node and 0 for others; on a fallback as ``DijkstraRouter``."""
        wanted = self._next.get(state.position)
        on_route = tuple(float(candidate.node == wanted) for candidate in state.candidates)
        if any(on_route):
            return Scores(on_route, tuple({"on_route": value, "fallback": 0.0} for value in on_route))
        values = lightness(self._weights.over_candidates(state))
        return Scores(values, tuple({"on_route": 0.0, "fallback": 1.0, "lightness": value} for value in values))
