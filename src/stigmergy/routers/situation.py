"""A routing state in service as the situation that a trained policy was shown in its log."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from stigmergy.domain import GOAL, START, NodeId, to_nano
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.routers.base import RoutingState, Vector
from stigmergy.routers.observation import NO_LIMIT, ObservationSpec, Situations


def actions_of(graph: AgentGraph) -> tuple[NodeId, ...]:
    """The nodes that a policy chooses among; GOAL is one of them where an episode may stop or go on."""
    nodes = tuple(graph.nodes)
    stops = any(GOAL in after and len(after) > 1 for after in map(graph.successors, (START, *nodes)))
    return (*nodes, GOAL) if stops else nodes


def situation_of(spec: ObservationSpec, state: RoutingState, vector: Vector) -> Situations:
    """The state as one situation (B = 1), with the same numbers as the log of this hop would give.

    Args:
        spec: of a policy that fits the state's graph (see ``ObservationSpec.check``).
        state: what the engine asks a router about.
        vector: of the query, by what the spec names as ``features``.
    """
    places = {node: place for place, node in enumerate(spec.actions)}
    down = state.graph.nodes_with(state.overlay.down)
    feasible, healthy = np.zeros((2, 1, len(places)), dtype=bool)
    worst, to_go = np.zeros((2, 1, len(places)), dtype=np.int64)
    for node in state.graph.successors(state.position):
        if node in places:
            healthy[0, places[node]] = node not in down
    for candidate in state.candidates:
        if (place := places.get(candidate.node)) is not None:
            feasible[0, place] = True
            worst[0, place] = to_nano(candidate.worst_case.usd)
            to_go[0, place] = min(to_nano(rest.usd) for rest in candidate.cost_to_go)
    return Situations(
        features=np.asarray(vector, dtype=np.float32)[None],
        mixture=np.array([[state.query.mixture.get(task, 0.0) for task in spec.tasks]], dtype=np.float32),
        position=np.array([0 if state.position == START else 1 + places[state.position]]),
        feasible=feasible,
        healthy=healthy,
        worst_case=worst,
        cost_to_go=to_go,
        spent=np.array([to_nano(state.spent.usd)]),
        budget=np.array([_limit(state.budget.max_usd)]),
        committed=np.array([len(state.visited)]),
    )


def _limit(usd: Decimal | None) -> int:
    return NO_LIMIT if usd is None else to_nano(usd)
