"""When a canary goes by itself: bars of quality and of budget that hold however often somebody looks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import Final

ERROR: Final = 0.05
"""The chance that a canary as good as who decides is ever rolled back by the bar of quality."""
_TUNED_FOR: Final = 50.0
"""Episodes at which the bounds are about the tightest; sound for any other number, too."""
_HALF: Final = 0.25
"""Variance that values in [0, 1] have at most, in the sense of Hoeffding's lemma."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Judged episodes of one side: how many, and the sum of their qualities in [0, 1]."""

    episodes: int = 0
    quality: float = 0.0

    @property
    def mean(self) -> float:
        """Of the qualities; there is at least one episode."""
        return self.quality / self.episodes

    @property
    def margin(self) -> float:
        """How far the true mean may be from the mean, at all numbers of episodes together, in ``1 - ERROR / 2``.

        ``sqrt((v + r) log((v + r) / (r a^2))) / n``, ``v = n / 4``: the two-sided normal mixture of Robbins (1970), as
        in Howard et al. (2021), equation 14. Unlike a test at one number of episodes it may be looked at all the time.
        """
        spread, tuned = self.episodes * _HALF, _TUNED_FOR * _HALF
        return sqrt((spread + tuned) * log((spread + tuned) / (tuned * (ERROR / 2) ** 2))) / self.episodes


def broken_bar(canary: Tally, base: Tally, violations: int) -> str | None:
    """Why a canary has to go; None: it may stay.

    The bar of budget: none of its episodes was charged more than its budget (``violations``). The bar of quality: the
    intervals of both sides' mean quality, valid at any time, still meet.
    """
    if violations:
        return f"{violations} of its episodes were charged more than their budget"
    if not canary.episodes or not base.episodes:
        return None
    if canary.mean + canary.margin >= base.mean - base.margin:
        return None
    return (
        f"quality {canary.mean:.3f} (at most {canary.mean + canary.margin:.3f}) in {canary.episodes} episodes, "
        f"where who decides has {base.mean:.3f} (at least {base.mean - base.margin:.3f}) in {base.episodes}"
    )
