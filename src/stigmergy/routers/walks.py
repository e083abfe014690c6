"""A finished episode as deposit rules see it: who is credited, and who is to blame (METHODS M4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from stigmergy.domain import GOAL, AgentId
from stigmergy.graphs.deposit_rules import Walk
from stigmergy.routers.base import Outcome, StepOutcome
from stigmergy.routers.price_range import PriceRange

_GREATEST_WEIGHT: Final = 20.0
"""An episode that was judged by a rare chance counts for at most so many, or one of them would drown the others."""


def walk_of(outcome: Outcome, quality: float, prices: PriceRange, quality_gate: float) -> Walk:
    """What a judged episode, which went right from ``quality_gate`` on, says to a deposit rule.

    Only hops that the router decided move trails; with the last of them goes the hop to GOAL, which is no step.
    """
    right = quality >= quality_gate
    blamed = None if right else _first_to_blame(outcome.steps)
    to_credit = outcome.steps[blamed or 0 :]
    edges = [(step.source, step.node) for step in to_credit if step.decided_by_router]
    last = outcome.steps[-1]
    if last.decided_by_router:
        edges.append((last.node, GOAL))
    return Walk(
        episode=outcome.episode_id,
        edges=tuple(edges),
        judgements=tuple(_judgements(outcome, blamed, right=right)),
        mixture=outcome.mixture,
        quality=quality,
        cost=prices.standing(outcome.cost_usd),
        latency_s=sum(step.usage.latency_s for step in outcome.steps),
        weight=min(_GREATEST_WEIGHT, 1.0 / max(outcome.judged_probability, 1.0 / _GREATEST_WEIGHT)),
    )


def _first_to_blame(steps: Sequence[StepOutcome]) -> int | None:
    """In an episode that went wrong, the first step whose agent said that it could not do the work; else None.

    What came before it is not to blame: the work was handed to the wrong agent there.
    """
    return next((place for place, step in enumerate(steps) if not step.answered), None)


def _judgements(outcome: Outcome, blamed: int | None, *, right: bool) -> Iterator[tuple[AgentId, float | None]]:
    """How well each agent did its step; None: as well as the episode.

    An agent that said that it could not do the work failed it. Others are judged by their checker, else by the
    episode; but where infrastructure failed on the way, or another step is to blame, the episode's quality says nothing
    of the skill of those that did answer, so only checked steps count then.
    """
    unclear = bool(outcome.infrastructure_failures) or blamed is not None
    for place, step in enumerate(outcome.steps):
        if not step.answered and (place == blamed or right):
            yield step.agent, 0.0
        elif step.answered and (step.judgement is not None or not unclear):
            yield step.agent, step.judgement
