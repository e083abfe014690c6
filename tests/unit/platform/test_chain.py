from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmergy.platform.chain import chain_hash, chained, genesis
from stigmergy.platform.records import StoredEvent
from stigmergy.testing import EPOCH

EVENT = StoredEvent("e", 3, "accepted", '{"a":1}', 1, EPOCH, "ab" * 32)
OTHERS = [
    replace(EVENT, episode_id="f"),
    replace(EVENT, seq=4),
    replace(EVENT, kind="finished"),
    replace(EVENT, payload='{"a": 1}'),
    replace(EVENT, v=2),
    replace(EVENT, at=EPOCH + timedelta(microseconds=1)),
    replace(EVENT, previous="cd" * 32),
]


@pytest.mark.parametrize("other", OTHERS, ids=["episode", "seq", "kind", "payload", "v", "at", "previous"])
def test_the_hash_covers_every_field(other: StoredEvent) -> None:
    assert chain_hash(other) != chain_hash(EVENT)


def test_the_hash_is_what_its_formula_says_so_that_others_can_check_it() -> None:
    written = f'["{"ab" * 32}", "e", 3, "accepted", 1, "2026-01-01T00:00:00.000000+00:00"]\n{{"a":1}}'
    assert chain_hash(EVENT) == sha256(written.encode()).hexdigest()


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_the_hash_is_over_json_as_anybody_writes_it(episode: str, kind: str, payload: str) -> None:
    event = replace(EVENT, episode_id=episode, kind=kind, payload=payload)
    facts = json.dumps(["ab" * 32, episode, 3, kind, 1, "2026-01-01T00:00:00.000000+00:00"])
    assert chain_hash(event) == sha256(f"{facts}\n{payload}".encode("utf-8", "surrogatepass")).hexdigest()


def test_the_same_moment_in_another_zone_has_the_same_hash() -> None:
    assert chain_hash(replace(EVENT, at=EPOCH.astimezone(timezone(timedelta(hours=-7))))) == chain_hash(EVENT)


def test_a_text_that_is_no_unicode_has_a_hash_too() -> None:
    assert chain_hash(replace(EVENT, payload="\ud800", kind="\udfff\n", episode_id="\ud800")) != chain_hash(EVENT)
    assert genesis("\ud800") != genesis("\ud801")


def test_the_first_event_carries_what_its_episode_begins_with_and_each_other_the_hash_of_the_one_before() -> None:
    first, second, third = chained([replace(EVENT, seq=seq) for seq in range(3)])
    assert first.previous == genesis("e")
    assert (second.previous, third.previous) == (chain_hash(first), chain_hash(second))


def test_a_chain_goes_on_after_what_is_stored() -> None:
    whole = chained([replace(EVENT, seq=seq) for seq in range(4)])
    assert chained(whole[2:], whole[1]) == whole[2:]
    assert chained([], whole[1]) == ()


def test_after_an_event_without_a_hash_nothing_is_chained() -> None:
    old, new = replace(EVENT, previous=""), replace(EVENT, seq=4, previous="")
    assert chained([new], old) == (new,)
