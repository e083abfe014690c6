"""The bench without Serve."""

from __future__ import annotations

from stigmergy.bench.affinity.probe import Limit
from stigmergy.bench.affinity.system import Scene, simulated_systems

SCENE = Scene(limit=Limit(slo_s=1.5, seconds=12, settling_s=3), replicas=6, seed=0)


def test_a_simulation_comes_out_the_same_every_time() -> None:
    first, again = (simulated_systems(SCENE)["cache_affine"].probe(15.0) for _ in range(2))

    assert first == again


def test_requests_that_meet_their_prefix_are_answered_sooner_under_the_same_load() -> None:
    found = {}
    for name, system in simulated_systems(SCENE).items():
        system.probe(15.0)
        found[name] = system.probe(20.0)

    affine, plain = found["cache_affine"], found["power_of_two"]
    assert affine.hit_rate > plain.hit_rate + 0.15
    assert affine.home_share > 0.95 > plain.home_share
    assert affine.p99_s < plain.p99_s
    assert affine.kept
    assert not plain.kept
