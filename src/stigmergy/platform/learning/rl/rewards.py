"""What a hop is worth (METHODS M6, M16): gated quality at the end, less what every call was charged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.platform.learning.evaluation.reading import SOLVED
from stigmergy.routers.observation import Floats, Money, Truths

INVALID: Final = -1.0
"""For a choice that the mask forbids: it is not carried out, and the episode ends."""


@dataclass(frozen=True, slots=True)
class CostScale:
    """Mean charge of a whole episode of the two boundary policies per task type, in nano-dollars, shape (T,) each.

    Frozen when a policy is trained and carried by its artifact: a scale that slides with traffic changes what the same
    charge is worth.
    """

    small: Money
    large: Money

    def shares(self, charged: Money, mixture: Floats) -> Floats:
        """Charges in units of ``large - small``, mixed over task types; shape (B,).

        What both boundaries cost at least is the same for every policy, so it is not taken off.
        """
        span = np.maximum(self.large - self.small, 1).astype(np.float64)
        unknown = np.maximum(1.0 - mixture.sum(axis=1), 0.0)
        units = mixture.astype(np.float64) @ span + unknown * span.mean()
        return np.asarray(charged / units, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardTerms:
    """``reward = gated quality at the end - cost_weight x share of the charge - failure_cost where the call failed``.

    Attributes:
        scale: what a charge is a share of.
        cost_weight: quality that the span between the boundary policies is worth; above 0.
        gate: a quality below it counts as 0, so that a wrong answer is worth at most what it cost, below zero.
        failure_cost: the time that a failed call took; above 0, so that a failed call never looks like a free one.
    """

    scale: CostScale
    cost_weight: float = 0.1
    gate: float = SOLVED
    failure_cost: float = 0.01

    def of(self, charged: Money, quality: Floats, failed: Truths, mixture: Floats) -> Floats:
        """The rewards of B hops. ``quality`` is NaN where the episode goes on, or ended without an answer."""
        right = np.nan_to_num(quality) >= self.gate
        earned = np.where(right, np.nan_to_num(quality), 0.0)
        spent = self.cost_weight * self.scale.shares(charged, mixture)
        return np.asarray(earned - spent - self.failure_cost * failed, dtype=np.float32)
