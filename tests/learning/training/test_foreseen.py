"""Policies that see expected success: trained on a log, and served with the estimator that they carry."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ray")

from stigmergy.domain import START, Budget, from_nano
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.platform.learning.rl.draws import Weather, budgets_at, draw_on
from stigmergy.platform.learning.rl.replay_env import ReplayEnv
from stigmergy.platform.learning.trainers.rl.config import BopoConfig, MarwilConfig, RlTraining
from stigmergy.platform.learning.trainers.rl.material import Material, open_material
from stigmergy.platform.learning.trainers.rl.run import train
from stigmergy.routers.base import QueryFeatures, RoutingState
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.learned_policy.artifact import LearnedPolicy, load_policy
from stigmergy.routers.learned_policy.network import log_shares
from stigmergy.routers.learned_policy.router import PolicyRouter
from stigmergy.testing import agent_profile

PRICES = {"small": "0.0001", "middle": "0.0004", "large": "0.002"}
"""USD per call, as in the log."""
LEARNER = BopoConfig(episodes=256, minibatch=128, epochs=2, warm_start=20, lr=1e-3)


def _unheard(_: object) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def training(arms: Path, graph: AgentGraph) -> RlTraining:
    return RlTraining(
        data=arms, learner=LEARNER, iterations=3, hidden=(16,), device="cpu", sees="expected", graph=graph.version
    )


@pytest.fixture(scope="module")
def policy(training: RlTraining, tmp_path_factory: pytest.TempPathFactory) -> LearnedPolicy:
    """What the training left behind, for the graph that has the log's arms as its one stage."""
    out = tmp_path_factory.mktemp("foreseen")
    train(training, out, resume=False, told=_unheard)
    return load_policy(next(out.glob("policy.*")))


@pytest.fixture(scope="module")
def graph() -> AgentGraph:
    profiles = {arm: agent_profile(arm, usd) for arm, usd in PRICES.items()}
    return AgentGraph("arms", GraphSpec(stages=(tuple(PRICES),)), profiles)


@pytest.fixture(scope="module")
def served(policy: LearnedPolicy, graph: AgentGraph) -> PolicyRouter:
    router = PolicyRouter(policy)
    router.admit(graph)
    return router


def _state(graph: AgentGraph, text: str, task: str, budget_nano: int) -> RoutingState:
    budget = Budget(from_nano(budget_nano))
    found = Mask().candidates(graph, START, budget=budget).candidates
    query = QueryFeatures(np.zeros(4, np.float32), {task: 1.0}, 0.5, "test", text)
    return RoutingState(query=query, graph=graph, position=START, candidates=found, budget=budget)


def _replayed(
    material: Material, policy: LearnedPolicy, rows: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities of all arms on the rows, as the replay shows them, and the budgets there."""
    source = material.acted_in().source
    budget = budgets_at(source, rows, level)
    env = ReplayEnv(source, material.recipe.terms, rows, Weather(), size=len(rows), seed=0)
    seen = env.begin(draw_on(source, rows, budget, Weather(), np.random.default_rng(0)))
    return log_shares(policy.network.outputs(seen, policy.spec.mask), env.seen.feasible), budget


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_what_is_served_is_what_was_judged_on_queries_that_nothing_was_learnt_from(
    level: float, training: RlTraining, policy: LearnedPolicy, served: PolicyRouter, graph: AgentGraph, tmp_path: Path
) -> None:
    material = open_material(training, tmp_path)
    table, rows = material.acted_in().table, material.acted_in().rows("test")
    offline, budgets = _replayed(material, policy, rows, level)
    for row, shares, budget in zip(rows, offline, budgets, strict=True):
        state = _state(graph, table.texts[row], table.tasks[row], int(budget))
        expected = [shares[policy.spec.actions.index(each.node)] for each in state.candidates]
        assert served.scores(state).values == pytest.approx(expected, abs=1e-5)


def test_a_policy_that_sees_expected_success_sends_each_kind_where_it_is_solved(
    served: PolicyRouter, graph: AgentGraph
) -> None:
    for kind, arm in (("numbers", "small"), ("letters", "large")):
        state = _state(graph, f"question 7 about {kind}, and only about {kind}", kind, 2_000_000)
        scores = served.scores(state).values
        assert state.candidates[int(np.argmax(scores))].node == arm


def test_once_a_query_is_known_a_decision_takes_well_under_a_millisecond(
    served: PolicyRouter, graph: AgentGraph
) -> None:
    state = _state(graph, "question 7 about numbers", "numbers", 2_000_000)
    served.scores(state)
    fastest = []
    for _ in range(200):
        began = time.perf_counter()
        served.scores(state)
        fastest.append(time.perf_counter() - began)
    assert min(fastest) < 0.001


def test_the_artifact_names_the_estimator_in_the_version_of_its_features(policy: LearnedPolicy) -> None:
    assert policy.spec.features == policy.semantics.version
    assert policy.spec.features.startswith("prospects-ensemble-")


def test_a_learner_of_rows_cannot_see_expected_success(arms: Path) -> None:
    with pytest.raises(ValueError, match="marwil learns from rows"):
        RlTraining(data=arms, learner=MarwilConfig(), sees="expected")
