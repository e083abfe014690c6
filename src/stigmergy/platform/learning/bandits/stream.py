"""Queries in the order in which a player meets them, and what happens to the pool meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.bandits.world import World

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """T rounds: contexts (T, d), the reward of every arm (T, A), and which arms may be chosen (T, A)."""

    contexts: Floats
    rewards: Floats
    open: NDArray[np.bool_]


def draw_stream(world: World, queries: NDArray[np.intp], rounds: int, rng: np.random.Generator) -> Stream:
    """So many queries of the given ones, drawn with replacement."""
    drawn = rng.choice(queries, size=rounds)
    rewards = world.rewards[drawn]
    return Stream(contexts=world.contexts[drawn], rewards=rewards, open=np.isfinite(rewards))


def steady(stream: Stream, _standing: Floats, /) -> Stream:
    """Nothing changes."""
    return stream


def swap(stream: Stream, standing: Floats) -> Stream:
    """Half-way the arms that are best and worst on train change places: what was known of them is wrong."""
    best, worst, half = int(standing.argmax()), int(standing.argmin()), _half(stream)
    rewards, open_ = stream.rewards.copy(), stream.open.copy()
    for changed in (rewards, open_):
        changed[half:, [best, worst]] = changed[half:, [worst, best]]
    return replace(stream, rewards=rewards, open=open_)


def newcomer(stream: Stream, standing: Floats) -> Stream:
    """The arm that is best on train joins half-way."""
    open_ = stream.open.copy()
    open_[: _half(stream), int(standing.argmax())] = False
    return replace(stream, open=open_)


def _half(stream: Stream) -> int:
    return len(stream.rewards) // 2


Scenario = Callable[[Stream, Floats], Stream]
SCENARIOS: Final[Mapping[str, Scenario]] = {"steady": steady, "swap": swap, "newcomer": newcomer}
"""What happens half-way, by name."""
