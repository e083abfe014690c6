"""The bench: for every routing the highest load within the limit, on Serve and, where it can be, simulated."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from stigmergy.agents.models.replica_routing import (
    CacheAffineConfig,
    PowerOfTwoConfig,
    PrefixAwareConfig,
    ReplicaRoutingConfig,
)
from stigmergy.bench.affinity.probe import Limit
from stigmergy.bench.affinity.search import Search, highest_kept, ladder
from stigmergy.bench.affinity.stage import cluster, on_serve
from stigmergy.bench.affinity.system import Scene, System, simulated_systems
from stigmergy.bench.affinity.workload import WORD

Tell = Callable[[str], None]

_LOWEST, _STEP, _RUNGS = 7.0, 1.12, 15
"""Loads in requests a second: from 7 to 34, of which four probes find the highest that is kept."""
_WARM_UP = (10.3, 12.9)
"""None of the loads that are probed, so that the conversations in the caches are not asked for again."""
_SETTLING_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many replicas, within how many seconds 99 % are to be answered, for how long a load is offered."""

    replicas: int = 6
    slo_s: float = 1.5
    seconds: float = 15.0
    seed: int = 0

    def scene(self) -> Scene:
        """What all routings meet."""
        limit = Limit(slo_s=self.slo_s, seconds=self.seconds, settling_s=_SETTLING_S)
        return Scene(limit=limit, replicas=self.replicas, seed=self.seed)


@dataclass(frozen=True, slots=True)
class Row:
    """One routing: the search on Serve, and the simulated one."""

    routing: str
    served: Search
    simulated: Search | None


@dataclass(frozen=True, slots=True)
class Measured:
    """All routings."""

    plan: Plan
    scene: Scene
    rows: Sequence[Row]


def measure(plan: Plan, tell: Tell) -> Measured:
    """Run the bench; takes ports, files and processes of its own, and leaves none behind."""
    scene = plan.scene()
    tell("simulating")
    simulated = {name: _searched(system) for name, system in simulated_systems(scene).items()}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="stigmergy-bench-"))
        tell("starting Serve")
        url = stack.enter_context(cluster(Path(folder)))
        systems: dict[str, System] = {}
        for name, routing in _routings(scene).items():
            tell(f"{name}: starting {scene.replicas} replicas")
            systems[name] = stack.enter_context(on_serve(url, name, scene, routing))
        tell("probing")
        # All at the same time, so that what slows the machine slows every one of them.
        with ThreadPoolExecutor(len(systems)) as pool:
            served = dict(zip(systems, pool.map(_searched, systems.values()), strict=True))
    return Measured(plan, scene, [Row(name, served[name], simulated.get(name)) for name in served])


def _routings(scene: Scene) -> Mapping[str, ReplicaRoutingConfig]:
    affine: CacheAffineConfig = scene.affine
    # A tree that remembers of every replica what its cache has room for.
    tree_chars = scene.speed.cache_tokens * len(WORD)
    return {
        "power_of_two": PowerOfTwoConfig(),
        "cache_affine": affine,
        "prefix_aware": PrefixAwareConfig(tree_chars=tree_chars),
    }


def _searched(system: System) -> Search:
    loads = ladder(_LOWEST, _STEP, _RUNGS)
    for rate in _WARM_UP:
        system.warm_up(rate)
    return highest_kept(loads, system.probe)
