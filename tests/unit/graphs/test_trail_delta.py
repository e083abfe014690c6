"""Deltas merge in any order and survive JSON. Amounts are eighths, so that sums are exact."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.graphs.footprints import KEPT, Footprint, largest
from stigmergy.graphs.trail_delta import EMPTY, TrailDelta, merge

AMOUNTS = st.integers(-64, 64).map(lambda eighths: eighths / 8)
TYPES = st.sampled_from(("math", "code", "general"))
NODES = st.sampled_from(("START", "a", "b->c", "d.e"))
EDGE_TABLES = st.dictionaries(TYPES, st.dictionaries(st.tuples(NODES, NODES), AMOUNTS, min_size=1), max_size=3)
PER_TYPE = st.dictionaries(TYPES, AMOUNTS, max_size=3)
AGENT_TABLES = st.dictionaries(NODES, PER_TYPE, max_size=3)
FOOTPRINTS = st.lists(st.builds(Footprint, st.sampled_from("pqrstuv"), AMOUNTS), min_size=1, max_size=KEPT).map(
    lambda left: largest(tuple(left), ())
)
FOOTPRINT_TABLES = st.dictionaries(TYPES, st.dictionaries(st.tuples(NODES, NODES), FOOTPRINTS, min_size=1), max_size=2)
DELTAS = st.builds(
    TrailDelta,
    log_tau=EDGE_TABLES,
    tau=EDGE_TABLES,
    utility_sum=PER_TYPE,
    utility_count=PER_TYPE,
    successes=AGENT_TABLES,
    trials=AGENT_TABLES,
    episodes=st.integers(0, 9),
    footprints=FOOTPRINT_TABLES,
)


@settings(max_examples=80, deadline=None)
@given(a=DELTAS, b=DELTAS, c=DELTAS)
def test_deltas_merge_in_any_order_and_grouping(a: TrailDelta, b: TrailDelta, c: TrailDelta) -> None:
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@settings(max_examples=50, deadline=None)
@given(delta=DELTAS)
def test_the_empty_delta_changes_nothing(delta: TrailDelta) -> None:
    assert merge(delta, EMPTY) == delta == merge(EMPTY, delta)


@settings(max_examples=50, deadline=None)
@given(a=DELTAS, b=DELTAS)
def test_merging_leaves_both_as_they_were(a: TrailDelta, b: TrailDelta) -> None:
    before = json.dumps([a.to_dict(), b.to_dict()])
    merge(a, b)
    assert json.dumps([a.to_dict(), b.to_dict()]) == before


@settings(max_examples=50, deadline=None)
@given(delta=DELTAS)
def test_a_delta_survives_json(delta: TrailDelta) -> None:
    assert TrailDelta.from_dict(json.loads(json.dumps(delta.to_dict()))) == delta


def test_amounts_on_one_edge_add() -> None:
    a = TrailDelta(log_tau={"math": {("START", "a"): 0.5}}, episodes=1)
    b = TrailDelta(log_tau={"math": {("START", "a"): 0.25, ("a", "GOAL"): 1.0}, "code": {}}, episodes=2)
    both = merge(a, b)
    assert both.log_tau == {"math": {("START", "a"): 0.75, ("a", "GOAL"): 1.0}, "code": {}}
    assert both.episodes == 3


def test_a_checkpoint_without_a_table_is_refused() -> None:
    with pytest.raises(KeyError, match="trials"):
        TrailDelta.from_dict({key: value for key, value in EMPTY.to_dict().items() if key != "trials"})
