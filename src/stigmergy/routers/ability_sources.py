"""What is presumed of agents' abilities before a colony has seen their work: from profiles, a table, or a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from stigmergy.domain import AgentId, NodeId, TaskType
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.routers.base import Router, RoutingState
from stigmergy.routers.heuristic import Row


class AbilitySource(Protocol):
    """Priors of abilities, in [0, 1]; what a colony sees of an agent's steps moves its ability away from them."""

    def of(self, graph: AgentGraph, node: NodeId, task_type: TaskType) -> float | None:
        """The prior of a node's agent for a task type; None: nothing is known."""
        ...

    def on_query(self, state: RoutingState) -> Row | None:
        """The priors of all candidates for this very query, in place of those per task type; None: there are none."""
        ...


class DeclaredAbilities:
    """From a table of agents and task types first, else from the agents' own profiles."""

    def __init__(self, table: Mapping[AgentId, Mapping[TaskType, float]]) -> None:
        self._table = table

    def of(self, graph: AgentGraph, node: NodeId, task_type: TaskType) -> float | None:
        """See ``AbilitySource``."""
        profile = graph.profile(node)
        return self._table.get(profile.id, {}).get(task_type, profile.ability.get(task_type))

    def on_query(self, _state: RoutingState) -> Row | None:
        """None: a table knows types, not queries."""
        return None


class PredictedAbilities(DeclaredAbilities):
    """From a router that predicts ``quality`` per candidate: the graph neural network, or an estimator of arms."""

    def __init__(self, router: Router) -> None:
        super().__init__({})
        self._router = router

    def on_query(self, state: RoutingState) -> Row | None:
        """The predictions, clipped to [0, 1]."""
        told = self._router.scores(state).evidence
        return np.clip([evidence["quality"] for evidence in told], 0.0, 1.0)
