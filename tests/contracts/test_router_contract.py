"""What every router keeps, whatever it scores by."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from stigmergy.domain import (
    GOAL,
    NOTHING,
    START,
    AgentProfile,
    Budget,
    Failure,
    FailureKind,
    NodeId,
    Price,
    Usage,
)
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.graphs.overlay import ALL_HEALTHY, Condition, Overlay
from stigmergy.routers import configs as c
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.base import Outcome, QueryFeatures, Router, RoutingState, StepOutcome
from stigmergy.routers.catalog import build_router, build_selection
from stigmergy.routers.estimators.artifact import ArmModel, save_arms
from stigmergy.routers.estimators.means import FittedMeans
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.learned_policy.artifact import save_policy
from stigmergy.routers.selection import select
from stigmergy.testing import untrained_policy

NEEDING_MORE = (c.FixedPathConfig, c.EstimatorConfig, c.GnnConfig, c.PolicyConfig)
CONFIGS: dict[str, c.RouterConfig] = {
    **{kind().kind: kind() for kind in get_args(c.RouterConfig) if kind not in NEEDING_MORE},
    "estimator": c.EstimatorConfig(artifact=Path("arms.npz")),
    "fixed_path": c.FixedPathConfig(route=("a1", "b2", "c1")),
    "amro": c.AntColonyConfig(rule="amro"),
    "linucb": c.BanditConfig(rule=c.UpperConfidenceConfig(), discount=0.9, tick_outcomes=3, prior="zero"),
    "policy": c.PolicyConfig(artifact=Path("policy-1.npz")),
}
TURNS = {"round_robin"}
"""Routers whose every call is a turn: the same state does not score the same twice."""
STRAINED = Overlay(
    4, {"a1": Condition(load=3, response_s=0.4), "b2": Condition(success_rate=0.5), "c2": Condition(available=False)}
)
PRICES = {"a1": "0.003", "a2": "0.011", "b1": "0.002", "b2": "0.025", "b3": "0", "c1": "0.007", "c2": "0.001"}
MIXTURES = ({"math": 1.0}, {"math": 0.3, "code": 0.7}, {"never seen": 1.0})


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What trained routers are built from; two of the agents are unknown to it."""
    folder = tmp_path_factory.mktemp("artifacts")
    quality, cost = (np.linspace(low, 0.9, 5, dtype=np.float32) for low in (0.4, 0.001))
    model = ArmModel(
        name="best_single",
        arms=("a1", "a2", "b1", "b2", "c1"),
        fitted=FittedMeans(quality, cost),
        looks=None,
        unit_usd=0.01,
    )
    save_arms(folder / "arms.npz", model, Origin(data={}, code="", config={}, queries=1))
    for factor in (1, 1000):
        save_policy(folder / f"policy-{factor}.npz", untrained_policy(graph_priced(factor)))
    return folder


@pytest.fixture(autouse=True)
def _beside_the_artifacts(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(artifacts)


def graph_priced(factor: int = 1) -> AgentGraph:
    profiles = {
        agent: AgentProfile(id=agent, price=Price(per_call=Decimal(usd) * factor), ability={"math": len(usd) / 10})
        for agent, usd in PRICES.items()
    }
    stages = (("a1", "a2"), ("b1", "b2", "b3"), ("c1", "c2"))
    return AgentGraph("demo", GraphSpec(stages=stages, edges={"b1": (GOAL,)}), profiles)


def config_of(kind: str, factor: int = 1) -> c.RouterConfig:
    """A policy is trained for a graph with its prices, so there is one for each."""
    return c.PolicyConfig(artifact=Path(f"policy-{factor}.npz")) if kind == "policy" else CONFIGS[kind]


@pytest.fixture(params=sorted(CONFIGS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def router(kind: str) -> Router:
    return build_router(kind, CONFIGS[kind])


def state(graph: AgentGraph, position: NodeId, overlay: Overlay, budget: Budget, turn: int = 0) -> RoutingState:
    candidates = Mask().candidates(graph, position, overlay=overlay, budget=budget).candidates
    query = QueryFeatures(np.zeros(8, np.float32), MIXTURES[turn % len(MIXTURES)], 0.5, "test")
    return RoutingState(
        query=query, graph=graph, position=position, candidates=candidates, overlay=overlay, budget=budget
    )


def states(factor: int = 1) -> Iterator[RoutingState]:
    graph, tight = graph_priced(factor), Budget(Decimal("0.020") * factor)
    for turn, position in enumerate((START, "a1", "a2", "b1", "b3", "c1")):
        yield state(graph, position, ALL_HEALTHY, Budget(), turn)
        yield state(graph, position, STRAINED, tight, turn + 1)


def outcomes(factor: int = 1) -> Iterator[Outcome]:
    """Every legal shape: judged and not, with failures, forced hops, no steps, foreign graphs, odd mixtures."""
    rng = random.Random(3)
    failure = Failure(node="c2", agent="c2", kind=FailureKind.TIMEOUT, reason="late")
    for number in range(24):
        route = (rng.choice(("a1", "a2")), rng.choice(("b1", "b2", "b3")), "c1")
        steps = tuple(
            StepOutcome(
                source=source,
                node=node,
                agent=node,
                usage=Usage(latency_s=0.1, usd=Decimal(PRICES[node]) * factor),
                judgement=rng.choice((None, 0.0, 1.0)),
                decided_by_router=rng.random() < 0.8,
            )
            for source, node in zip((START, *route), route, strict=False)
        )
        yield Outcome(
            episode_id=f"e{number}",
            graph="foreign" if number % 7 == 6 else "demo",
            mixture={} if number % 11 == 10 else MIXTURES[number % 3],
            steps=() if number % 5 == 4 else steps,
            quality=rng.choice((None, 0.0, 0.4, 1.0)),
            cost_usd=float(sum(Decimal(PRICES[node]) for node in route) * factor),
            infrastructure_failures=(failure,) if number % 4 == 0 else (),
            judged_probability=rng.choice((1.0, 0.2, 0.001)),
            features=None if number % 6 == 5 else QueryFeatures(np.zeros(8, np.float32), MIXTURES[0], 0.5, "test"),
        )


def taught(kind: str, factor: int = 1) -> Router:
    router = build_router(kind, config_of(kind, factor))
    router.scores(next(states(factor)))
    for outcome in outcomes(factor):
        router.learn(outcome)
    return router


def test_there_is_one_finite_score_and_one_mapping_of_evidence_per_candidate(router: Router) -> None:
    for at in states():
        found = router.scores(at)
        assert len(found.values) == len(found.evidence) == len(at.candidates) > 0
        assert all(map(isfinite, found.values))
        assert all(isfinite(figure) for why in found.evidence for figure in why.values())


@pytest.mark.parametrize("kind", sorted(CONFIGS.keys() - TURNS))
def test_the_same_state_scores_the_same(kind: str) -> None:
    router, twin = taught(kind), taught(kind)
    for at in states():
        assert router.scores(at) == router.scores(at) == twin.scores(at)


def test_prices_and_budgets_times_1000_change_no_decision(kind: str) -> None:
    router, scaled = taught(kind), taught(kind, 1000)
    selection = build_selection(CONFIGS[kind].selection)
    for seed, (at, dearer) in enumerate(zip(states(), states(1000), strict=True)):
        assert [x.node for x in at.candidates] == [x.node for x in dearer.candidates]
        one, other = router.scores(at).values, scaled.scores(dearer).values
        assert one == pytest.approx(other, rel=1e-9)
        first, second = (
            select(kind, r.scores(s), len(s.candidates), selection, random.Random(seed))
            for r, s in ((router, at), (scaled, dearer))
        )
        assert first.index == second.index


def test_learning_from_any_legal_outcome_raises_nothing(router: Router) -> None:
    for outcome in outcomes():
        router.learn(outcome)
    router.scores(next(states()))
    for outcome in outcomes():
        router.learn(outcome)
    for at in states():
        assert all(map(isfinite, router.scores(at).values))


def test_an_episode_is_led_to_its_goal_within_its_budget(kind: str) -> None:
    router, selection, mask = taught(kind), build_selection(CONFIGS[kind].selection), Mask()
    graph, rng = graph_priced(), random.Random(8)
    for budget in (Budget(Decimal("0.010"), 27648, 3), Budget(Decimal("0.034")), Budget(max_calls=2)):
        position, spent = START, NOTHING
        while position != GOAL:
            masked = mask.candidates(graph, position, spent=spent, budget=budget, overlay=STRAINED)
            assert masked.candidates
            query = QueryFeatures(np.zeros(8, np.float32), MIXTURES[0], 0.5, "test")
            at = RoutingState(
                query=query, graph=graph, position=position, candidates=masked.candidates, overlay=STRAINED
            )
            choice = select(kind, router.scores(at), len(masked.candidates), selection, rng)
            position = masked.candidates[choice.index].node
            spent = spent + graph.worst_case(position)
            assert budget.allows(spent)
