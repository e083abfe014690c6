"""A finished episode as deposit rules see it: who is credited, and who is to blame (METHODS M4)."""

from __future__ import annotations

from stigmergy.domain import GOAL
from stigmergy.graphs.deposit_rules import Walk
from stigmergy.routers.base import Outcome
from stigmergy.routers.credit import first_to_blame, judged_steps, weight_of
from stigmergy.routers.price_range import PriceRange


def walk_of(outcome: Outcome, quality: float, prices: PriceRange, quality_gate: float) -> Walk:
    """What a judged episode, which went right from ``quality_gate`` on, says to a deposit rule.

    Only hops that the router decided move trails; with the last of them goes the hop to GOAL, which is no step.
    """
    blamed = first_to_blame(outcome.steps, quality, quality_gate)
    to_credit = outcome.steps[blamed or 0 :]
    edges = [(step.source, step.node) for step in to_credit if step.decided_by_router]
    last = outcome.steps[-1]
    if last.decided_by_router:
        edges.append((last.node, GOAL))
    return Walk(
        episode=outcome.episode_id,
        edges=tuple(edges),
        judgements=tuple((step.agent, judged) for step, judged in judged_steps(outcome, quality, quality_gate)),
        mixture=outcome.mixture,
        quality=quality,
        cost=prices.standing(outcome.cost_usd),
        latency_s=sum(step.usage.latency_s for step in outcome.steps),
        weight=weight_of(outcome),
    )
