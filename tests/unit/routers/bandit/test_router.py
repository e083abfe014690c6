"""The bandit as a router of an agent graph."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from stigmergy.domain import GOAL, START, AgentProfile, Failure, FailureKind, NodeId, Price, Usage
from stigmergy.errors import InvalidArtifact
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.bandit.artifact import BanditArtifact, load_bandit, save_bandit
from stigmergy.routers.bandit.context import ContextShape
from stigmergy.routers.bandit.router import BanditRouter
from stigmergy.routers.bandit.statistics import sums_of
from stigmergy.routers.base import Outcome, RoutingState, StepOutcome
from stigmergy.routers.catalog import build_router, build_selection
from stigmergy.routers.configs import BanditConfig, GreedyConfig, RouterConfig, ThompsonConfig, UpperConfidenceConfig
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.query_features import FeatureReader, HashedNgrams
from stigmergy.routers.selection import select

READER = FeatureReader(HashedNgrams())
POEM, SUM = ("Write a poem about rain", "letters"), ("What is 17 and 23?", "sums")
LINUCB = UpperConfidenceConfig(selection=GreedyConfig())


def graph_of(*agents: str, **spec: object) -> AgentGraph:
    profiles = {
        agent: AgentProfile(id=agent, price=Price(per_call=Decimal(place + 1))) for place, agent in enumerate(agents)
    }
    return AgentGraph("demo", GraphSpec(**{"stages": (agents,), **spec}), profiles)  # type: ignore[arg-type]


def built(config: RouterConfig) -> BanditRouter:
    router = build_router("b", config)
    assert isinstance(router, BanditRouter)
    return router


def state(graph: AgentGraph, query: tuple[str, str], at: NodeId = START, visited: tuple[str, ...] = ()) -> RoutingState:
    candidates = Mask().candidates(graph, at).candidates
    return RoutingState(query=READER.read(*query), graph=graph, position=at, candidates=candidates, visited=visited)


def episode(query: tuple[str, str], agent: str, quality: float | None, usd: int = 1, **facts: object) -> Outcome:
    step = StepOutcome(source=START, node=agent, agent=agent, usage=Usage(usd=Decimal(usd)), judgement=None)
    given: dict[str, object] = {
        "episode_id": "e",
        "graph": "demo",
        "mixture": {},
        "steps": (step,),
        "quality": quality,
        "cost_usd": 1.0,
    }
    return Outcome(**{**given, "features": READER.read(*query), **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", [LINUCB, ThompsonConfig()])
def test_the_better_agent_of_each_kind_of_query_is_found(rule: ThompsonConfig | UpperConfidenceConfig) -> None:
    config = BanditConfig(rule=rule, cost_weight=0.0)
    router, graph, rng = built(config), graph_of("poet", "clerk"), random.Random(4)
    right = {POEM: "poet", SUM: "clerk"}
    hits = 0
    for turn in range(400):
        query = (POEM, SUM)[turn % 2]
        at = state(graph, query)
        choice = select("b", router.scores(at), 2, build_selection(config.selection), rng)
        agent = at.candidates[choice.index].agent
        hits += turn >= 200 and agent == right[query]
        router.learn(episode(query, agent, float(agent == right[query])))
    assert hits >= 180


def test_the_logged_propensity_of_thompson_sampling_is_the_chance_of_the_choice() -> None:
    router, graph, selection = built(BanditConfig()), graph_of("a", "b"), build_selection(BanditConfig().selection)
    router.scores(state(graph, SUM))
    router.learn(episode(SUM, "a", 1.0))
    scores = router.scores(state(graph, SUM))
    drawn = [select("b", scores, 2, selection, random.Random(seed)) for seed in range(2000)]
    taken = np.mean([choice.index == 0 for choice in drawn])
    assert drawn[0].probabilities == pytest.approx(scores.values)
    assert taken == pytest.approx(scores.values[0], abs=0.04)


def test_an_agent_that_costs_more_is_worth_less() -> None:
    router, graph = built(BanditConfig(rule=LINUCB, cost_weight=0.5)), graph_of("cheap", "dear")
    router.scores(state(graph, SUM))
    for _ in range(30):
        router.learn(episode(SUM, "cheap", 1.0, usd=1))
        router.learn(episode(SUM, "dear", 1.0, usd=2))
    found = router.scores(state(graph, SUM)).evidence
    assert found[0]["reward"] - found[1]["reward"] == pytest.approx(0.5, abs=0.05)


def test_agents_join_and_leave_while_it_serves() -> None:
    router = built(BanditConfig(rule=LINUCB))
    router.scores(state(graph_of("a", "b"), SUM))
    router.learn(episode(SUM, "a", 1.0))
    found = router.scores(state(graph_of("b", "c", "a"), SUM)).evidence
    assert {round(each["seen"]) for each in found} == {0, 1}


def test_what_failed_or_was_forced_or_not_judged_is_no_reward() -> None:
    router, graph = built(BanditConfig()), graph_of("a", "b")
    router.scores(state(graph, SUM))
    failure = Failure(node="b", agent="b", kind=FailureKind.TIMEOUT, reason="late")
    router.learn(episode(SUM, "a", 0.0, infrastructure_failures=(failure,)))
    router.learn(episode(SUM, "a", None))
    router.learn(episode(SUM, "a", 1.0, features=None))
    router.learn(episode(SUM, "a", 1.0, graph="another"))
    forced = StepOutcome(source=START, node="a", agent="a", usage=Usage(), judgement=None, decided_by_router=False)
    router.learn(episode(SUM, "a", 1.0, steps=(forced,)))
    assert router.statistics == {}


def test_stopping_is_worth_what_the_last_agent_answers_and_costs_nothing() -> None:
    router = built(BanditConfig(rule=LINUCB, cost_weight=0.0))
    graph = graph_of("a", "b", stages=(), edges={START: ("a",), "a": (GOAL, "b"), "b": (GOAL,)})
    at = state(graph, SUM, "a", ("a",))
    for _ in range(20):
        router.scores(at)
        router.learn(episode(SUM, "a", 1.0))
    stop = next(place for place, each in enumerate(at.candidates) if each.node == GOAL)
    assert router.scores(at).evidence[stop]["seen"] == 20
    assert router.scores(at).evidence[stop]["reward"] > 0.8


def artifact(features: str = "ngrams-1.10", cost_weight: float = 0.3) -> BanditArtifact:
    shape = ContextShape(text_dims=2, type_dims=2)
    rng = np.random.default_rng(0)
    return BanditArtifact(
        shape=shape,
        features=features,
        cost_weight=cost_weight,
        span_usd=2.0,
        seen={arm: sums_of(rng.standard_normal((9, shape.dims)), rng.random(9)) for arm in ("a", "b")},
        origin=Origin(data={"log": "0" * 64}, code="1", config={}, queries=9),
    )


def test_an_artifact_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    made = artifact()
    version = save_bandit(tmp_path / "b.npz", made)
    found = load_bandit(tmp_path / "b.npz")
    assert found.describe() == replace(made, version=version).describe()
    assert all(np.array_equal(found.seen[arm].moments, made.seen[arm].moments) for arm in made.seen)
    assert built(BanditConfig(artifact=tmp_path / "b.npz")).statistics["a"].seen == 9


def test_an_artifact_of_another_trade_off_or_of_other_features_is_refused(tmp_path: Path) -> None:
    save_bandit(tmp_path / "b.npz", artifact(cost_weight=0.1))
    with pytest.raises(InvalidArtifact, match=r"cost_weight 0\.1"):
        built(BanditConfig(artifact=tmp_path / "b.npz"))
    save_bandit(tmp_path / "b.npz", artifact(features="else"))
    with pytest.raises(InvalidArtifact, match="query features else"):
        built(BanditConfig(artifact=tmp_path / "b.npz")).scores(state(graph_of("a", "b"), SUM))


def test_a_file_that_is_no_artifact_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.npz").write_bytes(b"nonsense")
    with pytest.raises(InvalidArtifact, match="cannot be read"):
        load_bandit(tmp_path / "b.npz")


@pytest.mark.parametrize("wrong", [{"discount": 0.0}, {"ridge": 0.0}, {"cost_weight": -1.0}, {"text_dims": -1}])
def test_figures_out_of_range_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        BanditConfig(**wrong)  # type: ignore[arg-type]
