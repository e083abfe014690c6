"""Every router that does not learn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from stigmergy.domain import GOAL, START, AgentProfile, Budget, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.overlay import Condition, Overlay
from stigmergy.graphs.weights import WeightModel
from stigmergy.routers.base import Router, RoutingState
from stigmergy.routers.baselines import LeastLoadedRouter, RandomRouter, RoundRobinRouter
from stigmergy.routers.dijkstra import DijkstraRouter
from stigmergy.routers.fixed_path import FixedPathRouter
from stigmergy.routers.price_baselines import CheapestRouter, DearestRouter, FirstLargeRouter

Build = Callable[..., AgentGraph]
MakeProfile = Callable[..., AgentProfile]
StateAt = Callable[..., RoutingState]


@pytest.fixture
def trap(build: Build, profile: MakeProfile) -> AgentGraph:
    """The cheap first hop leads to the dearest route: small+vast = 11, mid+slim = 5; large ends at once with 9."""
    edges = {START: ("small", "mid", "large"), "small": ("vast",), "mid": ("slim",), "large": (GOAL,)}
    priced = {"small": 1, "vast": 10, "mid": 3, "slim": 2, "large": 9}
    return build(
        (),
        *(profile(name, usd) for name, usd in priced.items()),
        edges={**edges, "vast": (GOAL,), "slim": (GOAL,)},
    )


def favourite(router: Router, state: RoutingState) -> NodeId:
    values = router.scores(state).values
    return state.candidates[max(range(len(values)), key=values.__getitem__)].node


def test_each_price_baseline_takes_its_own_route(trap: AgentGraph, state_at: StateAt) -> None:
    state = state_at(trap)
    assert favourite(CheapestRouter(), state) == "mid"
    assert favourite(DearestRouter(), state) == "small"
    assert favourite(FirstLargeRouter(), state) == "large"


def test_the_cheapest_route_follows_health_and_budget(trap: AgentGraph, state_at: StateAt) -> None:
    slim_down = Overlay(1, {"slim": Condition(available=False)})
    assert favourite(CheapestRouter(), state_at(trap, overlay=slim_down)) == "large"
    assert favourite(DearestRouter(), state_at(trap, budget=Budget(Decimal(9)))) == "large"


def test_the_dearest_route_leads_round_what_is_down(trap: AgentGraph, state_at: StateAt) -> None:
    assert (
        favourite(DearestRouter(), state_at(trap, overlay=Overlay(1, {"vast": Condition(available=False)}))) == "large"
    )


def test_free_graphs_have_prices_of_zero(build: Build, state_at: StateAt) -> None:
    state = state_at(build((("a", "b"),)))
    for router in (CheapestRouter(), DearestRouter(), FirstLargeRouter()):
        assert router.scores(state).values == (0.0, 0.0)


def test_dijkstra_weighs_price_latency_and_reliability(build: Build, profile: MakeProfile, state_at: StateAt) -> None:
    graph, router = build((("a", "b"),), profile("a", 1), profile("b", 2)), DijkstraRouter(WeightModel())
    assert favourite(router, state_at(graph)) == "a"
    assert router.scores(state_at(graph)).values == pytest.approx((-1.0, -2.0))
    assert favourite(router, state_at(graph, overlay=Overlay(0, {"a": Condition(success_rate=0.3)}))) == "b"
    assert favourite(router, state_at(graph, overlay=Overlay(0, {"a": Condition(response_s=9.0)}))) == "b"


def test_dijkstra_sees_what_moves_in_a_live_overlay(build: Build, state_at: StateAt) -> None:
    graph, router = build((("a", "b"),)), DijkstraRouter(WeightModel())
    conditions = {"a": Condition(response_s=1.0)}
    state = state_at(graph, overlay=Overlay(3, conditions))
    assert favourite(router, state) == "b"
    conditions["a"] = Condition(response_s=0.01)
    assert favourite(router, state) == "a"


def test_dijkstra_looks_at_the_whole_way(trap: AgentGraph, state_at: StateAt) -> None:
    found = DijkstraRouter(WeightModel()).scores(state_at(trap))
    assert favourite(DijkstraRouter(WeightModel()), state_at(trap)) == "mid"
    assert all({"weight", "weight_to_goal"} == set(why) for why in found.evidence)


def test_where_an_episode_may_end_dijkstra_ends_it(build: Build, state_at: StateAt) -> None:
    graph = build((), edges={START: ("a",), "a": ("b", GOAL), "b": (GOAL,)})
    state = state_at(graph, "a")
    scores = dict(
        zip((c.node for c in state.candidates), DijkstraRouter(WeightModel()).scores(state).values, strict=True)
    )
    assert scores == {GOAL: 0.0, "b": -1.0}


def test_a_fixed_path_is_followed_to_its_end(trap: AgentGraph, state_at: StateAt) -> None:
    router = FixedPathRouter(("small", "vast"), WeightModel())
    assert [favourite(router, state_at(trap, at)) for at in (START, "small", "vast")] == ["small", "vast", GOAL]
    assert router.scores(state_at(trap)).evidence[0] == {"on_route": 0.0, "fallback": 0.0}


def test_a_fixed_path_that_cannot_be_followed_falls_back_and_says_so(trap: AgentGraph, state_at: StateAt) -> None:
    router = FixedPathRouter(("small", "vast"), WeightModel())
    state = state_at(trap, overlay=Overlay(1, {"small": Condition(available=False)}))
    assert favourite(router, state) == "mid"
    assert favourite(router, state_at(trap, "mid")) == "slim"
    assert all(why["fallback"] == 1.0 for why in router.scores(state).evidence)


def test_random_prefers_nobody(trap: AgentGraph, state_at: StateAt) -> None:
    assert RandomRouter().scores(state_at(trap)).values == (0.0, 0.0, 0.0)


def test_round_robin_takes_turns_at_each_position(trap: AgentGraph, state_at: StateAt) -> None:
    router, state = RoundRobinRouter(), state_at(trap)
    assert [favourite(router, state) for _ in range(4)] == ["large", "mid", "small", "large"]
    assert favourite(router, state_at(trap, "mid")) == "slim"


def test_round_robin_is_fair_between_threads(trap: AgentGraph, state_at: StateAt) -> None:
    router, state = RoundRobinRouter(), state_at(trap)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: favourite(router, state), range(300)))
    assert {name: taken.count(name) for name in set(taken)} == {"small": 100, "mid": 100, "large": 100}


def test_least_loaded_takes_the_agent_with_the_fewest_calls(trap: AgentGraph, state_at: StateAt) -> None:
    busy = Overlay(0, {"small": Condition(load=2), "mid": Condition(load=1), "large": Condition(load=3)})
    assert favourite(LeastLoadedRouter(), state_at(trap, overlay=busy)) == "mid"
