"""Players side by side: in this process, or as Ray actors that come back when they are killed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import ray

from stigmergy.platform.learning.trainers.rl.playing import Experience, Player, World, join
from stigmergy.routers.learned_policy.network import PolicyNetwork


class Players(Protocol):
    """Plays the episodes of an iteration."""

    def play(self, network: PolicyNetwork, seed: Sequence[int]) -> Experience:
        """Whole episodes; the same seed and network give the same."""
        ...

    def close(self) -> None:
        """End what was started for it."""
        ...


class _Here(Player):
    def close(self) -> None:
        """Nothing was started."""


class _Actors:
    """Each actor plays its share. A killed one is started anew by Ray and plays what it was asked for again."""

    def __init__(self, world: World, count: int, runners: int) -> None:
        share, more = divmod(count, runners)
        counts = [share + (n < more) for n in range(runners)]
        remote = ray.remote(max_restarts=-1, max_task_retries=-1)(Player)
        there = ray.put(world)
        self._actors = [remote.remote(there, each) for each in counts if each]

    def play(self, network: PolicyNetwork, seed: Sequence[int]) -> Experience:
        """See ``Players``."""
        there = ray.put(network)
        return join(ray.get([actor.play.remote(there, (*seed, n)) for n, actor in enumerate(self._actors)]))

    def close(self) -> None:
        """See ``Players``."""
        for actor in self._actors:
            ray.kill(actor)


def players_for(world: World, count: int, runners: int) -> Players:
    """Players of ``count`` episodes an iteration; ``runners`` processes, 0: this one."""
    return _Actors(world, count, runners) if runners else _Here(world, count)
