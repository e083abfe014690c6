"""Which episodes are remembered of a trail."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.graphs.deposit_rules import AdvantageRule, Walk
from stigmergy.graphs.footprints import KEPT, Footprint, largest
from stigmergy.graphs.pheromones import NO_TRAILS, Bounds
from stigmergy.graphs.trail_delta import TrailDelta

EDGE = ("START", "a")
PRINTS = st.lists(
    st.builds(Footprint, st.uuids().map(str), st.integers(-64, 64).map(lambda eighths: eighths / 8)), max_size=5
).map(tuple)


@settings(max_examples=60, deadline=None)
@given(a=PRINTS, b=PRINTS, c=PRINTS)
def test_the_largest_are_kept_in_whatever_order_deltas_come(
    a: tuple[Footprint, ...], b: tuple[Footprint, ...], c: tuple[Footprint, ...]
) -> None:
    assert largest(a, b) == largest(b, a)
    assert largest(largest(a, b), c) == largest(a, largest(b, c))
    kept = {abs(each.amount) for each in largest(a, b)}
    dropped = {abs(each.amount) for each in (*a, *b)} - kept
    assert len(largest(a, b)) == min(KEPT, len(a) + len(b))
    assert not (kept and dropped) or max(dropped) <= min(kept)


@settings(max_examples=40, deadline=None)
@given(rho=st.floats(0.0, 1.0), amounts=st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=6))
def test_a_footprint_fades_as_its_trail_does_and_clamping_leaves_it(rho: float, amounts: list[float]) -> None:
    trails = NO_TRAILS
    for place, amount in enumerate(amounts):
        left = {"math": {EDGE: (Footprint(f"ep_{place}", amount),)}}
        trails = trails.apply(TrailDelta(log_tau={"math": {EDGE: amount}}, footprints=left))
    faded = trails.evaporate(rho).clamp(Bounds()).total.footprints["math"][EDGE]
    before = trails.total.footprints["math"][EDGE]
    assert [(each.episode, each.amount) for each in faded] == [(b.episode, (1.0 - rho) * b.amount) for b in before]


def test_an_episode_leaves_its_name_where_it_deposits_and_not_on_types_it_hardly_touches() -> None:
    walk = Walk(
        episode="ep_1",
        edges=(EDGE, ("a", "GOAL")),
        judgements=(("a", None),),
        mixture={"math": 0.97, "code": 0.03},
        quality=1.0,
        cost=0.0,
    )
    known = NO_TRAILS.apply(TrailDelta(utility_sum={"math": 0.5}, utility_count={"math": 1.0}))
    left = AdvantageRule(step_size=1.0).deposit(known, walk).footprints
    assert left.keys() == {"math"}
    assert left["math"][EDGE] == left["math"][("a", "GOAL")] == (Footprint("ep_1", 0.97 * 0.5),)
