"""The bench without Serve: the same requests, engines and choice on a clock that nobody waits for.

What differs from a real cluster is what it costs to run one: handles, processes, and loads known a moment late.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from stigmergy.bench.affinity.engine import ModelledEngine
from stigmergy.bench.affinity.probe import Answer
from stigmergy.bench.affinity.workload import Arrival
from stigmergy.deployments.replica_routing.affinity import Spill, candidates, choose

Choose: TypeAlias = Callable[[str, Mapping[str, int], random.Random], str]
"""From a prefix and the loads of all replicas to one of them."""


def power_of_two(_prefix: str, loads: Mapping[str, int], rng: random.Random) -> str:
    """The less loaded of two drawn at random."""
    return min(rng.sample(sorted(loads), 2), key=loads.__getitem__)


def cache_affine(spill: Spill) -> Choose:
    """The product's own choice."""
    return lambda prefix, loads, rng: choose(prefix, loads, spill, rng).replica


def simulated(
    asked: Iterable[Arrival],
    engines: Mapping[str, ModelledEngine],
    choice: Choose,
    prefix_of: Callable[[Arrival], str],
    rng: random.Random,
) -> Iterator[tuple[Arrival, Answer]]:
    """Every request, in order, and what came of it."""
    loads, unfinished = dict.fromkeys(engines, 0), list[tuple[float, str]]()
    for arrival in asked:
        while unfinished and unfinished[0][0] <= arrival.at_s:
            loads[heapq.heappop(unfinished)[1]] -= 1
        prefix = prefix_of(arrival)
        chosen = choice(prefix, loads, rng)
        served = engines[chosen].serve(arrival.messages, arrival.at_s)
        loads[chosen] += 1
        heapq.heappush(unfinished, (served.ready_at, chosen))
        home = chosen in candidates(prefix, engines)
        yield arrival, Answer(served.ready_at - arrival.at_s, served.tokens, served.cached, chosen, home)
