"""The choice of a replica by prefix and load. Pure: loads and random numbers come in, a name goes out.

Two candidates per prefix as in DualMap (arXiv 2602.06502), found by rendezvous hashing instead of two rings: replicas
may come and go, and only prefixes that had the one that went move. METHODS M24.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Way = Literal["affine", "spilled"]


@dataclass(frozen=True, slots=True)
class Spill:
    """When both candidates are too loaded; see ``SpillConfig``."""

    slo_load: int
    above_mean: float

    def bound(self, loads: Mapping[str, int]) -> float:
        """``max(slo_load, above_mean (1 + sum of loads) / replicas)``: at this load a candidate is passed over."""
        return max(self.slo_load, self.above_mean * (1 + sum(loads.values())) / len(loads))


@dataclass(frozen=True, slots=True)
class Choice:
    """The replica to send a request to, and whether its prefix belongs there."""

    replica: str
    way: Way


def candidates(prefix: str, replicas: Iterable[str]) -> list[str]:
    """The two replicas with the highest ``hash(prefix, replica)``, highest first; the one that there is of one."""
    seed = hashlib.blake2b(prefix.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def rank(replica: str) -> bytes:
        return hashlib.blake2b(replica.encode(), key=seed, digest_size=8).digest()

    return heapq.nlargest(2, replicas, key=rank)


def choose(prefix: str, loads: Mapping[str, int], spill: Spill, rng: random.Random) -> Choice:
    """Choose among the replicas, of which there is at least one.

    The less loaded of the two candidates (the first, where they are alike); at ``spill.bound`` or above it the less
    loaded of two drawn at random, if that has less to do.

    Args:
        prefix: what requests that should meet have in common.
        loads: unfinished requests of every replica.
        spill: when a candidate is too loaded.
        rng: draws the two others.
    """
    home = min(candidates(prefix, loads), key=loads.__getitem__)
    if loads[home] < spill.bound(loads):
        return Choice(home, "affine")
    drawn = rng.sample(sorted(loads), min(2, len(loads)))
    other = min(drawn, key=loads.__getitem__)
    return Choice(other, "spilled") if loads[other] < loads[home] else Choice(home, "affine")
