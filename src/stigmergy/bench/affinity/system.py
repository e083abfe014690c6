"""What is compared: replicas that share requests in some way, simulated or served, asked at some rate."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from stigmergy.agents.models.replica_routing import CacheAffineConfig, SpillConfig
from stigmergy.bench.affinity.engine import ModelledEngine, Speed
from stigmergy.bench.affinity.probe import Answer, Limit, Probe, summed_up
from stigmergy.bench.affinity.simulation import Choose, cache_affine, power_of_two, simulated
from stigmergy.bench.affinity.workload import Arrival, Workload, arrivals
from stigmergy.deployments.replica_routing.affinity import Spill
from stigmergy.deployments.replica_routing.prompts import prefix_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is the same for every routing."""

    workload: Workload = field(default_factory=Workload)
    speed: Speed = field(default_factory=Speed)
    limit: Limit
    replicas: int
    seed: int
    affine: CacheAffineConfig = field(default_factory=CacheAffineConfig)

    def stream(self, rate: float) -> Iterator[Arrival]:
        """The requests at this rate: the same ones for every routing, and, at other times, for every rate."""
        return arrivals(self.workload, rate, self.limit.seconds, f"{rate:.3f}", random.Random(self.seed))

    def prefix(self, arrival: Arrival) -> str:
        """What a cache-affine router goes by."""
        return prefix_of(arrival.messages, self.affine.prefix_messages, self.affine.prefix_chars)


class System(Protocol):
    """Somewhere that the load can be put to."""

    def warm_up(self, rate: float) -> None:
        """Offer this load to the end, however late the answers are, to fill the caches."""
        ...

    def probe(self, rate: float) -> Probe:
        """Offer this load, which finds the caches as the one before left them."""
        ...


class Simulated:
    """Without Serve, on a clock of its own."""

    def __init__(self, scene: Scene, choice: Choose) -> None:
        self._scene, self._choice = scene, choice
        self._engines = {f"replica-{number}": ModelledEngine(scene.speed) for number in range(scene.replicas)}
        self._rng = random.Random(scene.seed)
        self._now = 0.0

    def warm_up(self, rate: float) -> None:
        """See ``System``."""
        self.probe(rate)

    def probe(self, rate: float) -> Probe:
        """See ``System``."""
        limit, begun = self._scene.limit, self._now
        later = (Arrival(begun + each.at_s, each.messages) for each in self._scene.stream(rate))
        answers: list[Answer] = []
        for arrival, answer in simulated(later, self._engines, self._choice, self._scene.prefix, self._rng):
            if limit.counts(arrival.at_s - begun):
                answers.append(answer)
            self._now = max(self._now, arrival.at_s + answer.latency_s)
        return summed_up(rate, answers, limit)


def simulated_systems(scene: Scene) -> Mapping[str, System]:
    """The routings whose choice can be made without Serve."""
    spill: SpillConfig = scene.affine.spill
    affine = cache_affine(Spill(spill.slo_load, spill.above_mean))
    return {"power_of_two": Simulated(scene, power_of_two), "cache_affine": Simulated(scene, affine)}
