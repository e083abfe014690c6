"""Policies that plan before they have learnt anything."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.platform.learning.trainers.rl.starting import SHARPNESS, planning, units_needed
from stigmergy.routers.learned_policy.network import PolicyNetwork, network_of
from stigmergy.routers.observation import ObservationSpec
from stigmergy.routers.prospects import REACH

SPEC = ObservationSpec(
    graph="g",
    features="f",
    feature_size=3,
    tasks=("any",),
    actions=("a", "b", "c"),
    low=1,
    high=100,
    most_hops=1,
)


def _blank(units: int) -> PolicyNetwork:
    sizes, rng = (SPEC.size, units, 3), np.random.default_rng(0)
    weights = [rng.standard_normal(shape).astype(np.float32) for shape in pairwise(sizes)]
    return network_of(weights, [np.ones(size, dtype=np.float32) for size in sizes[1:]])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-1.0, 0.0), min_size=3, max_size=3),
)
def test_it_follows_prospects_to_the_letter(prospects: list[float]) -> None:
    network = planning(SPEC, _blank(units_needed(SPEC) + 2))
    seen = np.ones((1, SPEC.size), dtype=np.float32)
    seen[0, SPEC.blocks["features"]] = prospects
    expected = SHARPNESS * REACH * np.array(prospects)
    assert network.outputs(seen, SPEC.mask)[0].tolist() == pytest.approx(expected.tolist(), abs=1e-3)


def test_the_other_units_look_at_all_there_is_and_have_no_say_yet() -> None:
    first, last = planning(SPEC, _blank(units_needed(SPEC) + 2)).layers
    assert (first.weight[:, units_needed(SPEC) :] != 0.0).all()
    assert (last.weight[units_needed(SPEC) :] == 0.0).all()
