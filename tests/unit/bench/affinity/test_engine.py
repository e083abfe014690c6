"""The cache and the clock of the modelled engine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.bench.affinity.engine import ModelledEngine, PrefixCache, Speed
from stigmergy.domain import Message

SPEED = Speed(tokens_per_s=100, writing_s=1.0, cache_tokens=320)


def tokens(name: str, count: int) -> list[str]:
    return [f"{name}{number}" for number in range(count)]


def test_what_was_read_is_found_again_in_whole_blocks() -> None:
    cache = PrefixCache(320)

    assert cache.read(tokens("a", 100)) == 0
    assert cache.read(tokens("a", 100) + tokens("b", 50)) == 96


def test_a_block_behind_another_beginning_is_another_block() -> None:
    cache = PrefixCache(320)
    cache.read(tokens("a", 32) + tokens("c", 32))

    assert cache.read(tokens("b", 32) + tokens("c", 32)) == 0


def test_what_was_used_longest_ago_makes_room_its_end_before_its_beginning() -> None:
    cache = PrefixCache(128)
    cache.read(tokens("a", 96))
    cache.read(tokens("b", 64))

    assert cache.read(tokens("a", 96)) == 64


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 200)), max_size=20))
@settings(max_examples=40)
def test_a_cache_never_holds_more_than_it_has_room_for(asked: list[tuple[str, int]]) -> None:
    cache = PrefixCache(320)
    for name, count in asked:
        found = cache.read(tokens(name, count))

        assert 0 <= found <= count
        assert len(cache) <= 320


def test_requests_are_read_one_after_another_and_written_side_by_side() -> None:
    engine = ModelledEngine(SPEED)
    said = (Message("user", " ".join(tokens("a", 49))),)

    first, second = engine.serve(said, 0.0), engine.serve(said, 0.0)

    assert (first.ready_at, first.tokens, first.cached) == pytest.approx((1.5, 50, 0))
    assert (second.ready_at, second.cached) == pytest.approx((1.68, 32))


def test_an_idle_engine_begins_at_once() -> None:
    engine = ModelledEngine(SPEED)
    engine.serve((Message("user", "a"),), 0.0)

    assert engine.serve((Message("user", "b"),), 10.0).ready_at == pytest.approx(11.02)
