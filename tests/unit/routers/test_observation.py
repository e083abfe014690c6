"""What a budget-aware policy sees, and what it refuses to decide on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stigmergy.errors import UnfitPolicy
from stigmergy.routers.observation import (
    NO_LIMIT,
    ObservationSpec,
    Situations,
    encode,
    feasible_within,
    level,
)

SPEC = ObservationSpec(
    graph="g1", features="f1", feature_size=3, tasks=("x", "y"), actions=("a", "b"), low=10, high=1000, most_hops=4
)


def one(budget: int, spent: int = 0) -> Situations:
    return Situations(
        features=np.array([[0.1, 0.2, 0.3]], dtype=np.float32),
        mixture=np.array([[0.25, 0.75]], dtype=np.float32),
        position=np.array([2]),
        feasible=np.array([[True, False]]),
        healthy=np.array([[True, True]]),
        worst_case=np.array([[100, 1000]]),
        cost_to_go=np.array([[0, 0]]),
        spent=np.array([spent]),
        budget=np.array([budget]),
        committed=np.array([1]),
    )


def test_a_spec_survives_being_written_and_read() -> None:
    assert ObservationSpec.from_json(SPEC.to_json()) == SPEC
    assert ObservationSpec.from_json(SPEC.to_json()).version == SPEC.version


def test_every_part_has_its_place_and_together_they_are_the_observation() -> None:
    seen, blocks = encode(SPEC, one(1000))[0], SPEC.blocks
    assert sum(part.stop - part.start for part in blocks.values()) == SPEC.size == len(seen)
    assert seen[blocks["position"]].tolist() == [0.0, 0.0, 1.0]
    assert seen[SPEC.mask].tolist() == [1.0, 0.0]
    assert seen[blocks["healthy"]].tolist() == [1.0, 1.0]
    assert seen[blocks["price"]].tolist() == [0.5, 0.0]
    assert seen[blocks["budget"]].tolist() == [1.0, -1.0, 0.0, 0.25]


def test_an_episode_without_a_budget_says_so() -> None:
    assert encode(SPEC, one(NO_LIMIT))[0, SPEC.blocks["budget"]].tolist() == [2.0, -1.0, 1.0, 0.25]


def test_levels_run_from_the_cheapest_to_the_dearest_route() -> None:
    assert level(SPEC, np.array([0, 10, 100, 1000, 10**9])).tolist() == pytest.approx([-1, 0, 0.5, 1, 2])


def test_the_mask_lets_a_hop_pass_that_fits_to_the_last_nano_dollar() -> None:
    open_, worst, to_go = np.array([[True, True, False]]), np.array([[60, 61, 1]]), np.array([[30, 30, 0]])
    found = feasible_within(open_, worst, to_go, np.array([10]), np.array([100]))
    assert found.tolist() == [[True, False, False]]


@pytest.mark.parametrize(
    ("graph", "actions", "features", "names"),
    [("g2", ("b", "a"), "f1", "graph"), ("g1", ("a",), "f1", "nodes"), ("g1", ("a", "b"), "f2", "features")],
)
def test_a_policy_refuses_what_it_was_not_trained_for(
    graph: str, actions: tuple[str, ...], features: str, names: str
) -> None:
    SPEC.check("g1", ("b", "a"), "f1")
    with pytest.raises(UnfitPolicy, match=names):
        SPEC.check(graph, actions, features)


@pytest.mark.parametrize("text", ["", "[]", "{}", replace(SPEC, form=99).to_json()])
def test_what_is_no_spec_of_this_release_is_refused(text: str) -> None:
    with pytest.raises(UnfitPolicy):
        ObservationSpec.from_json(text)
