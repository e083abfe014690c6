"""Where a colony's first idea of an agent's ability comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stigmergy.domain import AgentProfile
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.pheromones import NO_TRAILS, Bounds
from stigmergy.graphs.trail_delta import TrailDelta
from stigmergy.routers.ability_sources import AbilitySource, DeclaredAbilities, PredictedAbilities
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.base import Outcome, RoutingState, Scores
from stigmergy.routers.catalog import build_router
from stigmergy.routers.colony_artifact import save_trails
from stigmergy.routers.configs import AntColonyConfig, TableAbilitiesConfig
from stigmergy.routers.price_range import price_range
from stigmergy.routers.trail_readings import ReadingRules, TrailReader

Build = Callable[..., AgentGraph]
MakeProfile = Callable[..., AgentProfile]
StateAt = Callable[..., RoutingState]
RULES = ReadingRules(bounds=Bounds(), strength=4.0, unknown_ability=0.5)


class Foreseeing:
    """Predicts 0.9 for agent a and more than is possible for b: implements ``Router``."""

    def scores(self, state: RoutingState) -> Scores:
        told = tuple({"quality": {"a": 0.9}.get(candidate.agent, 1.3)} for candidate in state.candidates)
        return Scores(tuple(each["quality"] for each in told), told)

    def learn(self, outcome: Outcome) -> None:
        """It knows already."""


@pytest.fixture
def graph(build: Build, profile: MakeProfile) -> AgentGraph:
    return build((("a", "b"),), profile("a", ability={"math": 0.7}), profile("b"))


def abilities(source: AbilitySource, state: RoutingState, seen: TrailDelta | None = None) -> list[float]:
    trails = NO_TRAILS if seen is None else NO_TRAILS.apply(seen)
    found: list[float] = TrailReader(trails, RULES, source).read(state, price_range(state.graph)).ability.tolist()
    return found


def test_a_table_comes_before_profiles_and_these_before_the_unknown(graph: AgentGraph, state_at: StateAt) -> None:
    assert abilities(DeclaredAbilities({}), state_at(graph)) == pytest.approx([0.7, 0.5])
    assert abilities(DeclaredAbilities({"b": {"math": 0.2}}), state_at(graph)) == pytest.approx([0.7, 0.2])
    assert abilities(DeclaredAbilities({"a": {"math": 0.2}}), state_at(graph)) == pytest.approx([0.2, 0.5])


def test_predictions_for_the_query_take_the_place_of_priors_per_type(graph: AgentGraph, state_at: StateAt) -> None:
    mixed = state_at(graph, mixture={"math": 0.25, "code": 0.75})
    assert abilities(PredictedAbilities(Foreseeing()), mixed) == pytest.approx([0.9, 1.0])


def test_what_a_colony_sees_moves_an_ability_away_from_any_prior(graph: AgentGraph, state_at: StateAt) -> None:
    seen = TrailDelta(successes={"a": {"math": 3.0}}, trials={"a": {"math": 12.0}})
    for source, prior in ((DeclaredAbilities({}), 0.7), (PredictedAbilities(Foreseeing()), 0.9)):
        expected = (3.0 + 4.0 * prior) / (12.0 + 4.0)
        assert abilities(source, state_at(graph), seen)[0] == pytest.approx(expected)


def test_a_table_is_configured_with_abilities_between_0_and_1(graph: AgentGraph, state_at: StateAt) -> None:
    config = AntColonyConfig(abilities=TableAbilitiesConfig(abilities={"b": {"math": 0.9}}))
    first, second = build_router("ants", config).scores(state_at(graph)).evidence
    assert (first["ability"], second["ability"]) == pytest.approx((0.7, 0.9))
    with pytest.raises(ValueError, match=r"abilities\.b\.math = 1\.5"):
        TableAbilitiesConfig(abilities={"b": {"math": 1.5}})


def test_predictions_do_not_stand_in_the_way_of_an_artifact(
    tmp_path: Path, graph: AgentGraph, state_at: StateAt
) -> None:
    seen = NO_TRAILS.apply(TrailDelta(successes={"a": {"math": 0.0}}, trials={"a": {"math": 100.0}}))
    path = tmp_path / "trails.npz"
    save_trails(path, seen, Origin(data={}, code="", config={}, queries=1))
    (first, _) = build_router("ants", AntColonyConfig(artifact=path)).scores(state_at(graph)).evidence
    assert first["ability"] < 0.1
