from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stigmergy.domain import GOAL, START
from stigmergy.errors import InvalidArtifact
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.base import Candidate, QueryFeatures, RoutingState
from stigmergy.routers.estimators.artifact import ArmModel, Looks, load_arms, save_arms
from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.catalog import ESTIMATORS
from stigmergy.routers.estimators.router import EstimatorRouter
from stigmergy.routers.estimators.substance import Substance, learn_substance
from stigmergy.routers.estimators.views import NGRAMS, SENTENCES, SUBSTANCE, LatentSemantics, embed_all, learn_semantics
from stigmergy.testing import agent_profile

ORIGIN = Origin(data={"log.parquet": "12ab"}, code="34cd", config={}, queries=60)
TEXTS = tuple(f"{'add the numbers' if n % 2 else 'name the capital of country'} {n}" for n in range(60))


def trained(name: str) -> ArmModel:
    """``sums`` solves the additions, ``facts`` the capitals at twice the cost."""
    embedders: dict[str, LatentSemantics | Substance] = {
        NGRAMS: learn_semantics(TEXTS, bits=8, rank=16),
        SUBSTANCE: learn_substance(TEXTS, bits=8, rank=16),
    }
    adds = np.array(["add" in text for text in TEXTS])
    queries = Queries(
        texts=TEXTS,
        tasks=tuple(np.where(adds, "sum", "fact").tolist()),
        views={view: embed_all(embedder, TEXTS) for view, embedder in embedders.items()},
    )
    outcomes = Outcomes(
        arms=("facts", "sums"),
        quality=np.stack((~adds, adds), axis=1).astype(np.float32),
        cost=np.tile(np.array([0.002, 0.001], dtype=np.float32), (len(TEXTS), 1)),
    )
    fitted = ESTIMATORS[name].make().fit(queries, outcomes)
    view = ESTIMATORS[name].view
    looks = None if view is None else Looks(view, embedders[view])
    return ArmModel(name=name, arms=outcomes.arms, fitted=fitted, looks=looks, unit_usd=0.002)


SERVED = [name for name, each in ESTIMATORS.items() if each.view != SENTENCES and name not in ("random", "gnn")]
"""``gnn`` has an artifact and a router of its own."""


@pytest.mark.parametrize("name", SERVED)
def test_an_artifact_predicts_as_what_it_was_made_of(name: str, tmp_path: Path) -> None:
    model = trained(name)
    saved = save_arms(tmp_path / "arms.npz", model, ORIGIN)
    loaded = load_arms(tmp_path / "arms.npz")
    for text, task in (("add the numbers 7", "sum"), ("name the capital of country 9", "fact")):
        before, after = model.predict(text, task), loaded.model.predict(text, task)
        assert np.array_equal(before.quality, after.quality)
        assert np.array_equal(before.cost, after.cost)
    assert (loaded.version, loaded.origin, loaded.model.arms) == (saved.version, ORIGIN, ("facts", "sums"))
    assert loaded.describe()["estimator"] == name


def test_a_changed_artifact_and_a_foreign_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "arms.npz"
    save_arms(path, trained("nearest"), ORIGIN)
    again = path.read_bytes()
    save_arms(path, trained("nearest"), ORIGIN)
    assert path.read_bytes() == again
    path.write_bytes(again[: len(again) // 2])
    with pytest.raises(InvalidArtifact, match=r"arms\.npz"):
        load_arms(path)
    with pytest.raises(InvalidArtifact, match="No such file"):
        load_arms(tmp_path / "none.npz")


@pytest.fixture
def choose(tmp_path: Path) -> Callable[..., dict[str, float]]:
    """Scores by node, for a query at START of a graph with a known and an unknown agent."""

    def scores(text: str, price: float, **state: Any) -> dict[str, float]:
        artifact = save_arms(tmp_path / "arms.npz", trained("nearest"), ORIGIN)
        profiles = {name: agent_profile(name) for name in ("facts", "sums", "new")}
        graph = AgentGraph("g", GraphSpec(stages=(("facts", "sums", "new"),)), profiles)
        candidates = tuple(Candidate(n, n, graph.worst_case(n), ()) for n in graph.nodes)
        candidates += (Candidate(GOAL, "", graph.worst_case(GOAL), ()),)
        query = QueryFeatures(np.zeros(4, np.float32), {"sum": 1.0}, 0.1, "test", text)
        at = RoutingState(query=query, graph=graph, position=START, candidates=candidates)
        found = EstimatorRouter(artifact, price=price).scores(replace(at, **state))
        return dict(zip((c.node for c in candidates), found.values, strict=True))

    return scores


def test_the_agent_that_is_good_at_such_queries_scores_best(choose: Callable[..., dict[str, float]]) -> None:
    sums, fact = choose("add the numbers 12", 0.0), choose("name the capital of country 13", 0.0)
    assert max(sums, key=sums.__getitem__) == "sums"
    assert max(fact, key=fact.__getitem__) == "facts"


def test_a_dear_price_of_money_prefers_the_cheap_agent(choose: Callable[..., dict[str, float]]) -> None:
    scores = choose("name the capital of country 13", 3.0)
    assert scores["sums"] > scores["facts"]


def test_an_unknown_agent_is_the_mean_of_the_known_ones(choose: Callable[..., dict[str, float]]) -> None:
    scores = choose("add the numbers 12", 0.3)
    assert scores["new"] == pytest.approx((scores["facts"] + scores["sums"]) / 2, abs=1e-6)


def test_going_to_the_goal_is_worth_the_last_agent_for_nothing(choose: Callable[..., dict[str, float]]) -> None:
    assert choose("add the numbers 12", 0.3)[GOAL] == 0.0
    assert choose("add the numbers 12", 0.0, visited=("sums",))[GOAL] == choose("add the numbers 12", 0.0)["sums"]
