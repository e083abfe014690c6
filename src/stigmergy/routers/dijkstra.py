"""The lightest path to GOAL over health-adjusted weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stigmergy.domain import AgentId, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.cost_to_go import potentials
from stigmergy.graphs.overlay import Condition, Overlay
from stigmergy.graphs.weights import WeightModel, node_weights
from stigmergy.routers.base import RoutingState, Scores
from stigmergy.routers.baselines import FixedRule

_HEAVIEST: Final = 1e12
"""Stands for infinity, which no score may be: a candidate whose agents fell out since the mask looked."""


@dataclass(frozen=True, slots=True)
class _Solved:
    """One graph's weights and potentials under these conditions."""

    conditions: Mapping[AgentId, Condition]
    weights: Mapping[NodeId, float]
    ahead: Mapping[NodeId, float]


class PathWeights:
    """The weight of the lightest path over each candidate.

    An overlay is a live view whose response times move on within a version, so what was solved is kept until one of
    the conditions differs (comparing 200 of them takes microseconds: unchanged ones are the same objects).
    """

    def __init__(self, model: WeightModel) -> None:
        self._model = model
        self._solved: dict[str, _Solved] = {}

    def over_candidates(self, state: RoutingState) -> tuple[tuple[float, float], ...]:
        """Per candidate its own weight and the least weight from it to GOAL, both finite and at least 0."""
        solved = self._solve(state.graph, state.overlay)
        return tuple(
            (min(_HEAVIEST, solved.weights[c.node]), min(_HEAVIEST, solved.ahead[c.node])) for c in state.candidates
        )

    def _solve(self, graph: AgentGraph, overlay: Overlay) -> _Solved:
        solved = self._solved.get(graph.version)
        if solved is None or solved.conditions != overlay.conditions:
            weights = node_weights(graph, overlay, self._model)
            solved = _Solved(dict(overlay.conditions), weights, potentials(graph, weights))
            self._solved[graph.version] = solved
        return solved


def lightness(weights: tuple[tuple[float, float], ...]) -> tuple[float, ...]:
    """Scores for ``PathWeights.over_candidates``: minus each path's weight, as a multiple of the lightest one's.

    GOAL, which weighs nothing, scores 0 and is not the measure of the others.
    """
    paths = [own + ahead for own, ahead in weights]
    lightest = min((path for path in paths if path > 0.0), default=1.0)
    return tuple(-path / lightest for path in paths)


class DijkstraRouter(FixedRule):
    """Scores ``-(weight(n) + h(n)) / min over candidates of the same``, h the least weight from n to GOAL.

    The best agent scores -1, one whose path is twice as heavy -2; GOAL, where it is a candidate, scores 0.
    """

    def __init__(self, model: WeightModel) -> None:
        self._weights = PathWeights(model)

    def scores(self, state: RoutingState) -> Scores:
        """See ``Router``."""
        found = self._weights.over_candidates(state)
        return Scores(lightness(found), tuple({"weight": own, "weight_to_goal": ahead} for own, ahead in found))
