"""The network as a router of an agent graph."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from stigmergy.domain import START, AgentProfile, Price, Usage
from stigmergy.errors import InvalidArtifact
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.routers.base import Outcome, RoutingState, StepOutcome
from stigmergy.routers.catalog import build_router
from stigmergy.routers.configs import GnnConfig
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.gnn.checkpoint import GnnArtifact, save_gnn
from stigmergy.routers.gnn.fusion import best_with_weights
from stigmergy.routers.gnn.router import GnnRouter
from stigmergy.routers.query_features import FeatureReader, HashedNgrams

LETTER, SUM = "Write letter number 900 to Ada", "Add 901 and 77 for me"
READER = FeatureReader(HashedNgrams())


def graph_of(*agents: str, description: str = "") -> AgentGraph:
    profiles = {
        agent: AgentProfile(id=agent, description=description, price=Price(per_call=Decimal(1))) for agent in agents
    }
    return AgentGraph("demo", GraphSpec(stages=(agents,)), profiles)


def state(graph: AgentGraph, text: str) -> RoutingState:
    return RoutingState(
        query=READER.read(text), graph=graph, position=START, candidates=Mask().candidates(graph, START).candidates
    )


def chosen(router: GnnRouter, graph: AgentGraph, text: str) -> str:
    found = state(graph, text)
    return found.candidates[int(np.argmax(router.scores(found).values))].agent


def test_a_query_goes_to_the_cheap_agent_that_can_do_it(artifact: GnnArtifact) -> None:
    router = GnnRouter(GnnConfig(artifact="made"), artifact)
    graph = graph_of("clerk", "dud", "poet", "sage")
    assert (chosen(router, graph, LETTER), chosen(router, graph, SUM)) == ("poet", "clerk")


def test_the_trade_off_changes_without_training(artifact: GnnArtifact) -> None:
    graph = graph_of("dud", "sage")
    free, dear = (GnnRouter(GnnConfig(artifact="made", cost_weight=w), artifact) for w in (0.0, 3.0))
    assert (chosen(free, graph, SUM), chosen(dear, graph, SUM)) == ("sage", "dud")


def test_evidence_tells_what_was_predicted(artifact: GnnArtifact) -> None:
    told = GnnRouter(GnnConfig(artifact="made"), artifact).scores(state(graph_of("sage"), SUM)).evidence[0]
    assert set(told) == {"quality", "deviation", "cost_usd", "seen"}
    assert told["seen"] == 160


def test_an_unknown_agent_is_used_from_its_description(artifact: GnnArtifact) -> None:
    router = GnnRouter(GnnConfig(artifact="made"), artifact)
    router.scores(state(graph_of("sage", "nova", description="a new one"), SUM))
    assert router.agents[-1] == "nova"


def test_an_unknown_agent_without_a_description_is_refused_by_name(artifact: GnnArtifact) -> None:
    with pytest.raises(InvalidArtifact, match="does not know nova"):
        GnnRouter(GnnConfig(artifact="made"), artifact).scores(state(graph_of("sage", "nova"), SUM))


def test_other_query_features_are_refused(artifact: GnnArtifact) -> None:
    strange = state(graph_of("sage"), SUM)
    strange = replace(strange, query=replace(strange.query, version="else/untyped"))
    with pytest.raises(InvalidArtifact, match=r"ngrams-1\.10"):
        GnnRouter(GnnConfig(artifact="made"), artifact).scores(strange)


def test_episodes_change_what_is_thought_of_an_agent(artifact: GnnArtifact) -> None:
    router = GnnRouter(GnnConfig(artifact="made", refresh_every=4), artifact)
    graph = graph_of("sage", "nova", description="a new one")
    place = next(n for n, each in enumerate(state(graph, SUM).candidates) if each.agent == "nova")
    before = router.scores(state(graph, SUM)).values
    step = StepOutcome(source=START, node="nova", agent="nova", usage=Usage(usd=Decimal(1)), judgement=None)
    for number in range(24):
        text = f"Add {number} and 5 for me"
        router.learn(
            Outcome(
                episode_id=f"e{number}", graph="demo", mixture={}, steps=(step,), quality=1.0, cost_usd=1.0,
                features=READER.read(text),
            )
        )  # fmt: skip
    after = router.scores(state(graph, SUM))
    assert after.evidence[place]["seen"] == 24
    assert after.values[place] > before[place]


def test_a_configuration_names_the_folder_of_an_artifact(artifact: GnnArtifact, tmp_path: Path) -> None:
    save_gnn(tmp_path, artifact)
    assert isinstance(build_router("gnn", GnnConfig(artifact=str(tmp_path))), GnnRouter)


def test_the_best_few_share_weights_that_add_up_to_one() -> None:
    found = best_with_weights((0.1, 0.9, 0.8, 0.2), 2)
    assert [place for place, _ in found] == [1, 2]
    assert sum(weight for _, weight in found) == pytest.approx(1.0)
    assert found[0][1] > found[1][1]
