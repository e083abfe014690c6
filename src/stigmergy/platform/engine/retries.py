"""Whether a failed call may be made again: only if enough is left to finish after it."""

from __future__ import annotations

from decimal import Decimal

from stigmergy.domain import NodeId
from stigmergy.platform.engine.hops import HopView, feasible
from stigmergy.platform.healing import allowing
from stigmergy.routers.budget_check import amount
from stigmergy.routers.feasibility import Mask


def retry_refusal(mask: Mask, view: HopView, node: NodeId) -> str | None:
    """Why the call at ``node`` must not be made again; None when it may.

    The attempt that failed may have been charged, so the mask is asked anew: ``charged + worst_case(node) + c`` has to
    fit for some completion c, and the agent must not have gone down. A path that healing has fixed to its end (a
    demotion, which bypasses nodes) has one completion only: the rest of it.
    """
    if view.state.planned:
        return _planned_refusal(view, node)
    # A retry is the same work under the same key: what its own earlier attempt may have done does not lock it.
    masked = feasible(mask, view, view.locked - view.graph.effects(node))
    reason = dict(masked.refused).get(node)
    return None if reason is None else f"a retry does not fit: {reason}"


def _planned_refusal(view: HopView, node: NodeId) -> str | None:
    graph = view.graph
    if graph.profile(node).id in view.overlay.down:
        return "a retry does not fit: down"
    needed = view.state.charged + view.around.held
    for each in (node, *view.state.planned):
        needed += graph.worst_case(each)
    if allowing(view.budget, view.around.earmarks)(needed):
        return None
    excess = view.budget.excess(needed) or view.budget.excess(needed + view.around.earmarks[0])
    if excess is None:
        return None
    resource, limit, asked = excess
    return f"a retry does not fit: with the rest of the way it comes to {resource} {amount(Decimal(asked))} of {limit}"
