"""What was seen of every arm, as sums: they add, so those of several processes do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSums:
    """Of one arm: ``moments = sum x x^T``, shape (d, d), ``rewarded = sum r x``, shape (d,), and how many."""

    moments: Floats
    rewarded: Floats
    seen: float

    def __add__(self, other: ArmSums) -> ArmSums:
        return ArmSums(
            moments=self.moments + other.moments, rewarded=self.rewarded + other.rewarded, seen=self.seen + other.seen
        )


Statistics = Mapping[str, ArmSums]
"""The sums of every arm that was seen, by its name."""
NOTHING_SEEN: Final[Statistics] = {}


def sums_of(contexts: Floats, rewards: Floats) -> ArmSums:
    """The sums of one arm over contexts of shape (n, d) and rewards of shape (n,)."""
    return ArmSums(moments=contexts.T @ contexts, rewarded=contexts.T @ rewards, seen=float(len(rewards)))


def merge(parts: Iterable[Statistics]) -> Statistics:
    """What several processes saw, together; their order does not matter."""
    found: dict[str, ArmSums] = {}
    for part in parts:
        for arm, sums in part.items():
            found[arm] = found[arm] + sums if arm in found else sums
    return found
