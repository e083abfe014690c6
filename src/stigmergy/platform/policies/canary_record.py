"""What a canary and who it would replace came to on the same days. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from stigmergy.domain import Episode, Status
from stigmergy.platform.learning.evaluation.bootstrap import SAMPLES, Interval, interval, query_weights
from stigmergy.platform.learning.off_policy.logged import Floats
from stigmergy.platform.policies.evidence import COST_WEIGHT
from stigmergy.routers.price_range import PriceRange

LEAST_JUDGED: Final = 30
"""Episodes on each side, below which nothing is compared."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What an episode says about the policy that decided it."""

    policy: str
    graph: str
    quality: float
    charged_usd: Decimal


def judged(episode: Episode) -> Judged | None:
    """What an episode says; 0 is the quality of one that ended without a way on. None: it says nothing."""
    quality = episode.quality if episode.status in (Status.COMPLETED, Status.DEMOTED) else None
    if episode.status is Status.ESCALATED:
        quality = 0.0
    return None if quality is None else Judged(episode.policy, episode.graph, quality, episode.charged_usd)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Judged episodes on both sides, and how much more a canary's were worth on the mean (None: too few)."""

    canary: int
    base: int
    difference: Interval | None


def compared(
    episodes: Iterable[Judged], canary: str, is_base: Callable[[str], bool], prices: Mapping[str, PriceRange]
) -> Comparison:
    """Rewards of the canary's episodes against the base's: they were told apart by a hash of the task alone.

    ``reward = quality - COST_WEIGHT x charged / (dearest - cheapest route)``; episodes on graphs without ``prices``
    count by quality alone. Interval: 95 %, bootstrap over episodes.
    """
    sides: dict[bool, list[float]] = {True: [], False: []}
    for each in episodes:
        if each.policy == canary or is_base(each.policy):
            known = prices.get(each.graph)
            cost = 0.0 if known is None else COST_WEIGHT * known.in_spans(each.charged_usd)
            sides[each.policy == canary].append(each.quality - cost)
    mine, theirs = (np.array(sides[side], dtype=np.float64) for side in (True, False))
    enough = min(len(mine), len(theirs)) >= LEAST_JUDGED
    difference = interval(_means(mine, seed=1) - _means(theirs, seed=2)) if enough else None
    return Comparison(len(mine), len(theirs), difference)


def _means(values: Floats, seed: int) -> Floats:
    weights = query_weights(len(values), SAMPLES, seed).astype(np.float64)
    return np.asarray(weights @ values / len(values), dtype=np.float64)
