"""Whose work a judged episode speaks of: one rule for every router that learns, and for what is trained from logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor
from typing import Final

from stigmergy.routers.base import Outcome, StepOutcome

CORRECT: Final = 0.5
"""The least quality of an episode that went right."""
_GREATEST_WEIGHT: Final = 20.0
"""An episode that was judged by a rare chance counts for at most so many, or one of them would drown the others."""
_ROUNDING: Final = 1e-9


def weight_of(outcome: Outcome) -> float:
    """How many episodes a judged one stands for: the inverse of its chance of being judged, at most 20."""
    return min(_GREATEST_WEIGHT, 1.0 / max(outcome.judged_probability, 1.0 / _GREATEST_WEIGHT))


def first_to_blame(steps: Sequence[StepOutcome], quality: float, quality_gate: float = CORRECT) -> int | None:
    """In an episode that went wrong (below the gate), the first step whose agent said that it could not do the work.

    What came before it is not to blame: the work was handed to the wrong agent there.
    """
    if quality >= quality_gate:
        return None
    return next((place for place, step in enumerate(steps) if not step.answered), None)


def judged_steps(
    outcome: Outcome, quality: float, quality_gate: float = CORRECT
) -> Iterator[tuple[StepOutcome, float | None]]:
    """The steps of which something is known, and how well each was done; None: as well as the episode.

    An agent that said that it could not do the work failed it. Others are judged by their checker, else by the
    episode; but where infrastructure failed on the way, or another step is to blame, the episode's quality says nothing
    of the skill of those that did answer, so only checked steps count then.
    """
    blamed = first_to_blame(outcome.steps, quality, quality_gate)
    unclear = bool(outcome.infrastructure_failures) or blamed is not None
    for place, step in enumerate(outcome.steps):
        if not step.answered and (place == blamed or quality >= quality_gate):
            yield step, 0.0
        elif step.answered and (step.judgement is not None or not unclear):
            yield step, step.judgement


def judged_decisions(outcome: Outcome) -> Iterator[tuple[StepOutcome, float]]:
    """What the router chose, with how well it was done in [0, 1]: nothing of an episode that nobody judged.

    Forced hops (repairs, only one way) are no choices, and a fan-out is no agent.
    """
    if outcome.quality is None:
        return
    for step, judged in judged_steps(outcome, outcome.quality):
        if step.decided_by_router and step.agent:
            yield step, outcome.quality if judged is None else judged


class FairShares:
    """Turns weights into whole numbers, for memories whose outcomes all weigh the same.

    An episode of weight w counts ``w / mean weight so far`` times; what is left of that goes to the next one. So equal
    weights count once each, whatever they are, and rare ones in proportion.
    """

    def __init__(self) -> None:
        self._sum, self._episodes, self._left = 0.0, 0, 0.0

    def next(self, weight: float) -> int:
        """How often the next episode counts; ``weight`` above 0."""
        self._sum += weight
        self._episodes += 1
        due = self._left + weight * self._episodes / self._sum
        count = floor(due + _ROUNDING)
        self._left = due - count
        return count
