"""Whether a failed call may be made again: only if enough is left to finish after it."""

from __future__ import annotations

from decimal import Decimal

from stigmergy.domain import Budget, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.overlay import Overlay
from stigmergy.platform.episode.state import EpisodeState
from stigmergy.platform.healing import failed_nodes, locked_effects
from stigmergy.routers.budget_check import amount
from stigmergy.routers.feasibility import Mask


def retry_refusal(
    mask: Mask, graph: AgentGraph, state: EpisodeState, node: NodeId, budget: Budget, overlay: Overlay
) -> str | None:
    """Why the call at ``node`` must not be made again; None when it may.

    The attempt that failed may have been charged, so the mask is asked anew: ``charged + worst_case(node) + c`` has to
    fit for some completion c, and the agent must not have gone down. A path that healing has fixed to its end (a
    demotion, which bypasses nodes) has one completion only: the rest of it.
    """
    if state.planned:
        return _planned_refusal(graph, state, node, budget, overlay)
    # A retry is the same work under the same key: what its own earlier attempt may have done does not lock it.
    locked = locked_effects(graph, state) - {graph.profile(node).effect}
    masked = mask.candidates(
        graph,
        state.position,
        spent=state.charged,
        budget=budget,
        overlay=overlay,
        excluded=failed_nodes(graph, state),
        locked_effects=locked,
    )
    reason = dict(masked.refused).get(node)
    return None if reason is None else f"a retry does not fit: {reason}"


def _planned_refusal(
    graph: AgentGraph, state: EpisodeState, node: NodeId, budget: Budget, overlay: Overlay
) -> str | None:
    if graph.profile(node).id in overlay.down:
        return "a retry does not fit: down"
    needed = state.charged
    for each in (node, *state.planned):
        needed += graph.worst_case(each)
    excess = budget.excess(needed)
    if excess is None:
        return None
    resource, limit, asked = excess
    return f"a retry does not fit: with the rest of the way it comes to {resource} {amount(Decimal(asked))} of {limit}"
