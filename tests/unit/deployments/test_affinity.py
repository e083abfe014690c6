"""The choice of a replica by prefix and load, without Ray."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.deployments.replica_routing.affinity import Choice, Spill, candidates, choose

SPILL = Spill(slo_load=4, above_mean=1.5)
NAMES = st.sets(st.text("abcdef0123456789", min_size=1, max_size=8), min_size=1, max_size=9)
LOADS = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(0, 20), min_size=1, max_size=9)


@given(prefix=st.text(max_size=20), replicas=NAMES, order=st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_same_prefix_has_the_same_two_replicas_whatever_the_order(
    prefix: str, replicas: set[str], order: random.Random
) -> None:
    shuffled = sorted(replicas)
    order.shuffle(shuffled)

    found = candidates(prefix, shuffled)

    assert found == candidates(prefix, sorted(replicas))
    assert len(set(found)) == min(2, len(replicas))


@given(prefix=st.text(max_size=20), replicas=NAMES, data=st.data())
@settings(max_examples=60)
def test_a_replica_that_goes_moves_only_prefixes_that_it_had(
    prefix: str, replicas: set[str], data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(sorted(replicas)))
    before, after = candidates(prefix, replicas), candidates(prefix, replicas - {gone})

    if gone in before:
        assert [each for each in before if each != gone] == after[: len(before) - 1]
    else:
        assert after == before


@given(prefix=st.text(max_size=20), replicas=NAMES, fresh=st.text("xyz", min_size=1, max_size=4))
@settings(max_examples=60)
def test_a_replica_that_comes_takes_at_most_one_place(prefix: str, replicas: set[str], fresh: str) -> None:
    before, after = candidates(prefix, replicas), candidates(prefix, replicas | {fresh})

    assert len(set(before) - set(after)) <= 1
    assert set(after) - set(before) <= {fresh}


def test_prefixes_are_spread_evenly() -> None:
    replicas = [f"replica-{number}" for number in range(8)]

    places = Counter(place for number in range(4000) for place in candidates(f"prefix {number}", replicas))

    assert all(900 < places[replica] < 1100 for replica in replicas)


@given(prefix=st.text(max_size=20), loads=LOADS, seed=st.integers(0, 99))
@settings(max_examples=120)
def test_the_choice_is_the_less_loaded_candidate_or_one_with_less_to_do(
    prefix: str, loads: dict[str, int], seed: int
) -> None:
    home = min(loads[each] for each in candidates(prefix, loads))

    choice = choose(prefix, loads, SPILL, random.Random(seed))

    assert choice == choose(prefix, loads, SPILL, random.Random(seed))
    if choice.way == "affine":
        assert choice.replica in candidates(prefix, loads)
        assert loads[choice.replica] == home
    else:
        assert home >= SPILL.bound(loads)
        assert loads[choice.replica] < home


def test_below_the_bound_nothing_spills_even_when_others_are_idle() -> None:
    replicas = [f"r{number}" for number in range(6)]
    first, second = candidates("agent", replicas)
    loads = dict.fromkeys(replicas, 0) | {first: 3, second: 3}

    assert choose("agent", loads, SPILL, random.Random(0)) == Choice(first, "affine")


def test_a_prefix_that_is_too_much_for_its_two_replicas_takes_others_too() -> None:
    replicas, rng = [f"r{number}" for number in range(6)], random.Random(0)
    loads = dict.fromkeys(replicas, 0)

    ways = []
    for _ in range(60):
        choice = choose("the only prefix", loads, SPILL, rng)
        loads[choice.replica] += 1
        ways.append(choice.way)

    assert "spilled" in ways
    # Nobody is far beyond the mean of 10.
    assert max(loads.values()) <= 16


def test_when_all_are_as_loaded_a_prefix_stays_where_it_belongs() -> None:
    loads = {f"r{number}": 9 for number in range(6)}

    assert choose("agent", loads, SPILL, random.Random(1)).way == "affine"


def test_one_replica_is_chosen_whatever_its_load() -> None:
    assert choose("agent", {"only": 50}, SPILL, random.Random(0)) == Choice("only", "affine")
