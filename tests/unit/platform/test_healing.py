"""A repair against a search through every walk of a small graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import GOAL, START, AgentProfile, Budget, NodeId, Spend
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, GraphSpec
from stigmergy.graphs.overlay import ALL_HEALTHY, Condition, Overlay
from stigmergy.graphs.weights import WeightModel, node_weights
from stigmergy.platform.episode.events import Demoted, Escalated, Rerouted
from stigmergy.platform.episode.state import EpisodeState
from stigmergy.platform.healing import Healing, failed_nodes, locked_effects

MODEL = WeightModel()
HEALING = Healing(MODEL)


@dataclass(frozen=True)
class Way:
    """One walk to GOAL: what is called, what is dropped, and what that comes to."""

    nodes: tuple[NodeId, ...]
    dropped: tuple[NodeId, ...]
    loss: float
    weight: float


@dataclass(frozen=True)
class Scene:
    graph: AgentGraph
    state: EpisodeState
    overlay: Overlay
    budget: Budget

    def ways(self, source: NodeId) -> Iterator[Way]:
        weights = node_weights(self.graph, self.overlay, MODEL)
        done = locked_effects(self.graph, self.state)
        failed = failed_nodes(self.graph, self.state)
        for walk in walks(self.graph, source):
            for calls in choices(self.graph, walk):
                effects = [e for node in calls if (e := self.graph.profile(node).effect) is not None]
                spend = self.state.charged
                for node in calls:
                    spend += self.graph.worst_case(node)
                weight = sum((weights[node] for node in calls), 0.0)
                # What drops all that is left spends nothing, so it is open even to an episode that overran.
                affordable = not calls or self.budget.allows(spend)
                repeats = not done.isdisjoint(effects) or len(set(effects)) < len(effects)
                if affordable and not repeats and failed.isdisjoint(calls) and weight < inf:
                    dropped = tuple(node for node in walk if node not in calls)
                    yield Way(calls, dropped, sum(map(self.graph.loss, dropped)), weight)

    def sources(self) -> Iterator[NodeId]:
        """The last committed node, then back past steps without effect."""
        for kept in range(len(self.state.route), -1, -1):
            yield (START, *self.state.route)[kept]
            if kept and self.graph.profile(self.state.route[kept - 1]).effect is not None:
                return


def walks(graph: AgentGraph, source: NodeId) -> Iterator[tuple[NodeId, ...]]:
    for target in graph.successors(source):
        if target == GOAL:
            yield ()
        else:
            yield from ((target, *rest) for rest in walks(graph, target))


def choices(graph: AgentGraph, walk: tuple[NodeId, ...]) -> Iterator[tuple[NodeId, ...]]:
    if not walk:
        yield ()
        return
    for rest in choices(graph, walk[1:]):
        yield (walk[0], *rest)
        if graph.is_optional(walk[0]):
            yield rest


@pytest.fixture(scope="session")
def scenes(graphs: st.SearchStrategy[AgentGraph], budgets: st.SearchStrategy[Budget]) -> st.SearchStrategy[Scene]:
    @st.composite
    def scene(draw: st.DrawFn) -> Scene:
        graph = draw(graphs)
        route: list[NodeId] = []
        while draw(st.booleans()):
            ahead = [node for node in graph.successors((START, *route)[-1]) if node != GOAL]
            if not ahead:
                break
            route.append(draw(st.sampled_from(ahead)))
        rest = [node for node in graph.nodes if node not in route]
        failed = draw(st.sets(st.sampled_from(rest), max_size=2)) if rest else set()
        down = draw(st.sets(st.sampled_from(graph.nodes), max_size=2))
        doubt = draw(st.sampled_from((frozenset[str](), frozenset({"book"}))))
        spent = draw(st.builds(Spend, st.integers(0, 4).map(Decimal), st.integers(0, 4), st.integers(0, 2)))
        state = EpisodeState(
            position=(START, *route)[-1], route=tuple(route), excluded=frozenset(failed), in_doubt=doubt, charged=spent
        )
        overlay = Overlay(1, {agent: Condition(available=False) for agent in down})
        return Scene(graph, state, overlay, draw(budgets))

    return scene()


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_a_repair_is_feasible_and_the_best_from_the_nearest_place_that_has_one(
    scenes: st.SearchStrategy[Scene], data: st.DataObject
) -> None:
    scene = data.draw(scenes)
    healed = HEALING.heal(scene.graph, scene.state, scene.overlay, scene.budget, "why")
    best = next(((source, ways) for source in scene.sources() if (ways := list(scene.ways(source)))), None)
    if best is None:
        assert isinstance(healed, Escalated)
        return
    source, ways = best
    least = min((way.loss, len(way.dropped), way.weight) for way in ways)
    assert isinstance(healed, (Rerouted, Demoted))
    assert healed.source == source
    assert healed.path[-1] == GOAL
    dropped = healed.dropped if isinstance(healed, Demoted) else ()
    loss = healed.loss if isinstance(healed, Demoted) else 0.0
    assert isinstance(healed, Demoted) == bool(dropped)
    assert (loss, len(dropped), healed.weight) == pytest.approx(least)
    assert any((way.nodes, way.dropped) == (healed.path[:-1], dropped) for way in ways)
    assert (*scene.state.route[: len(scene.state.route) - len(healed.undone)], *healed.undone) == scene.state.route


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_an_escalation_asks_the_agent_only_if_it_is_up_and_fit_and_affordable(
    scenes: st.SearchStrategy[Scene], data: st.DataObject
) -> None:
    scene = data.draw(scenes)
    healed = HEALING.heal(scene.graph, scene.state, scene.overlay, scene.budget, "why")
    if isinstance(healed, Escalated):
        assert "why" in healed.reason
        agent = scene.graph.escalation
        can = (
            agent is not None
            and agent.id not in scene.overlay.down | scene.state.excluded
            and agent.effect not in locked_effects(scene.graph, scene.state)
            and scene.budget.allows(scene.state.charged + agent.worst_case())
        )
        assert healed.to == (agent.id if agent is not None and can else None)


def heal(graph: AgentGraph, route: tuple[NodeId, ...], failed: str, **state: Any) -> Rerouted | Demoted | Escalated:
    position = (START, *route)[-1]
    stood = EpisodeState(position=position, route=route, excluded=frozenset({failed}), **state)
    return HEALING.heal(graph, stood, ALL_HEALTHY, Budget(), "why")


def test_work_that_is_done_is_kept_where_a_path_leaves_it(
    staged: Callable[..., AgentGraph], profile: Callable[..., AgentProfile]
) -> None:
    graph = staged([[profile("a"), profile("b")], [profile("c"), profile("d", 9)]])
    healed = heal(graph, ("a",), "c")
    assert isinstance(healed, Rerouted)
    assert (healed.source, healed.path, healed.undone) == ("a", ("d", GOAL), ())


def test_it_backs_up_past_steps_without_effect(profile: Callable[..., AgentProfile]) -> None:
    spec = GraphSpec(edges={START: ("a", "b"), "a": ("c",), "c": (GOAL,), "b": (GOAL,)})
    graph = AgentGraph("g", spec, {name: profile(name) for name in "abc"})
    healed = heal(graph, ("a",), "c")
    assert isinstance(healed, Rerouted)
    assert (healed.source, healed.path, healed.undone) == (START, ("b", GOAL), ("a",))


def test_it_never_backs_up_past_a_side_effect(profile: Callable[..., AgentProfile]) -> None:
    spec = GraphSpec(edges={START: ("a", "b"), "a": ("c",), "c": (GOAL,), "b": (GOAL,)})
    profiles = {"a": profile("a", effect="book"), "b": profile("b"), "c": profile("c")}
    assert isinstance(heal(AgentGraph("g", spec, profiles), ("a",), "c"), Escalated)


def test_an_effect_that_may_have_happened_is_not_repeated_elsewhere(
    staged: Callable[..., AgentGraph], profile: Callable[..., AgentProfile]
) -> None:
    graph = staged([[profile("a", effect="book"), profile("b", effect="book")]])
    assert isinstance(heal(graph, (), "a"), Rerouted)
    assert isinstance(heal(graph, (), "a", in_doubt=frozenset({"book"})), Escalated)


def test_an_agent_that_failed_is_excluded_wherever_it_works(profile: Callable[..., AgentProfile]) -> None:
    nodes = {"a": AgentNode(agent="x"), "b": AgentNode(agent="x"), "c": AgentNode(agent="y")}
    graph = AgentGraph("g", GraphSpec(nodes=nodes, stages=(("a", "b", "c"),)), {n: profile(n) for n in ("x", "y")})
    healed = heal(graph, (), "a")
    assert isinstance(healed, Rerouted)
    assert healed.path == ("c", GOAL)


def test_the_cheapest_loss_is_dropped_first(profile: Callable[..., AgentProfile]) -> None:
    nodes = {name: AgentNode(agent=name, optional=True, loss=loss) for name, loss in (("b", 0.3), ("c", 0.1))}
    graph = AgentGraph("g", GraphSpec(nodes=nodes, stages=(("a",), ("b", "c"))), {n: profile(n) for n in "abc"})
    stood = EpisodeState(position="a", route=("a",), excluded=frozenset({"b"}), charged=Spend(Decimal(1)))
    healed = HEALING.heal(graph, stood, ALL_HEALTHY, Budget(max_usd=Decimal(1)), "why")
    assert isinstance(healed, Demoted)
    assert (healed.dropped, healed.loss, healed.path) == (("c",), 0.1, (GOAL,))
    free = HEALING.heal(graph, replace(stood, charged=Spend()), ALL_HEALTHY, Budget(max_usd=Decimal(1)), "why")
    assert isinstance(free, Rerouted)
