"""Prices between the two boundary policies, and the small cache that keeps them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from stigmergy.domain import GOAL, START, AgentProfile
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.deposit_rules import AdvantageRule, Walk
from stigmergy.graphs.trail_delta import TrailDelta
from stigmergy.routers.colony_memory import ColonyMemory
from stigmergy.routers.price_range import price_range
from stigmergy.routers.recent import Recent

Build = Callable[..., AgentGraph]
MakeProfile = Callable[..., AgentProfile]


def test_the_cheapest_route_stands_at_0_and_the_dearest_at_1(build: Build, profile: MakeProfile) -> None:
    graph = build((("a", "b"), ("c", "d")), *(profile(n, usd) for n, usd in zip("abcd", (1, 3, 2, 8), strict=True)))
    prices = price_range(graph)
    assert prices.standing(3.0) == pytest.approx(0.0)
    assert prices.standing(11.0) == pytest.approx(1.0)
    assert prices.standing(7.0) == pytest.approx(0.5)
    assert prices.standing(1.0) == pytest.approx(-0.25)
    assert prices.in_spans(Decimal(4)) == pytest.approx(0.5)


def test_where_every_route_has_one_price_cost_tells_nothing(build: Build, profile: MakeProfile) -> None:
    assert price_range(build((("a", "b"),), profile("a", 2), profile("b", 2))).standing(5.0) == 0.0
    free = price_range(build((("a", "b"),)))
    assert free.standing(5.0) == 0.0
    assert free.in_spans(Decimal(0)) == 0.0


def test_prices_times_1000_give_the_very_same_shares(build: Build, profile: MakeProfile) -> None:
    low, high = (
        price_range(
            build((("a", "b", "c"),), profile("a", f"0.03{e}"), profile("b", f"0.07{e}"), profile("c", f"0.011{e}"))
        )
        for e in ("", "E3")
    )
    assert low.shares == high.shares
    assert (low.cheapest, low.dearest) == (high.cheapest, high.dearest)


def test_the_longest_unused_value_is_forgotten_first() -> None:
    kept, computed = Recent[str, str](2), list[str]()

    def value_of(key: str) -> str:
        def compute() -> str:
            computed.append(key)
            return key.upper()

        return kept.get(key, compute)

    assert [value_of(key) for key in "abacab"] == list("ABACAB")
    assert computed == list("abcb")


def test_no_deposit_is_lost_between_threads() -> None:
    memory = ColonyMemory("nest")
    walk = Walk(edges=((START, "a"), ("a", GOAL)), judgements=(("a", None),), mixture={"m": 1.0}, quality=1.0, cost=0.0)

    def remember_and_collect(_: int) -> TrailDelta | None:
        memory.remember(AdvantageRule(), walk)
        return memory.collect()

    with ThreadPoolExecutor(4) as pool:
        deltas = list(pool.map(remember_and_collect, range(400)))
    collected = sum(delta.episodes for delta in deltas if delta is not None)
    assert collected == memory.trails.total.episodes == 400
    assert memory.collect() is None
