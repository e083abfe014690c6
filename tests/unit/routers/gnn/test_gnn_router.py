"""The network as a router of an agent graph."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

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
    router = GnnRouter(GnnConfig(artifact=Path("made")), artifact)
    graph = graph_of("clerk", "dud", "poet", "sage")
    assert (chosen(router, graph, LETTER), chosen(router, graph, SUM)) == ("poet", "clerk")


def test_the_trade_off_changes_without_training(artifact: GnnArtifact) -> None:
    graph = graph_of("dud", "sage")
    free, dear = (GnnRouter(GnnConfig(artifact=Path("made"), cost_weight=w), artifact) for w in (0.0, 3.0))
    assert (chosen(free, graph, SUM), chosen(dear, graph, SUM)) == ("sage", "dud")


def test_evidence_tells_what_was_predicted(artifact: GnnArtifact) -> None:
    told = GnnRouter(GnnConfig(artifact=Path("made")), artifact).scores(state(graph_of("sage"), SUM)).evidence[0]
    assert set(told) == {"quality", "deviation", "cost_usd", "seen"}
    assert told["seen"] == 160


def test_an_unknown_agent_is_used_from_its_description(artifact: GnnArtifact) -> None:
    router = GnnRouter(GnnConfig(artifact=Path("made")), artifact)
    router.scores(state(graph_of("sage", "nova", description="a new one"), SUM))
    assert router.agents[-1] == "nova"


def test_an_unknown_agent_without_a_description_is_refused_by_name(artifact: GnnArtifact) -> None:
    with pytest.raises(InvalidArtifact, match="does not know nova"):
        GnnRouter(GnnConfig(artifact=Path("made")), artifact).scores(state(graph_of("sage", "nova"), SUM))


def test_other_query_features_are_refused(artifact: GnnArtifact) -> None:
    strange = state(graph_of("sage"), SUM)
    strange = replace(strange, query=replace(strange.query, version="else/untyped"))
    with pytest.raises(InvalidArtifact, match=r"ngrams-1\.10"):
        GnnRouter(GnnConfig(artifact=Path("made")), artifact).scores(strange)


def test_episodes_change_what_is_thought_of_an_agent(artifact: GnnArtifact) -> None:
    router = GnnRouter(GnnConfig(artifact=Path("made"), refresh_every=4), artifact)
    graph = graph_of("sage", "nova", description="a new one")
    place = next(n for n, each in enumerate(state(graph, SUM).candidates) if each.agent == "nova")
    before = router.scores(state(graph, SUM)).values
    for number in range(24):
        router.learn(outcome(number, step("nova")))
    after = router.scores(state(graph, SUM))
    assert after.evidence[place]["seen"] == 24
    assert after.values[place] > before[place]


def outcome(number: int, *steps: StepOutcome, **facts: Any) -> Outcome:
    told: dict[str, Any] = {
        "episode_id": f"e{number}", "graph": "demo", "mixture": {}, "steps": steps, "quality": 1.0, "cost_usd": 1.0,
        "features": READER.read(f"Add {number} and 5 for me"),
    }  # fmt: skip
    return Outcome(**{**told, **facts})


def step(agent: str, **facts: Any) -> StepOutcome:
    told: dict[str, Any] = {"source": START, "usage": Usage(usd=Decimal(1)), "judgement": None}
    return StepOutcome(node=agent, agent=agent, **{**told, **facts})


def learner(artifact: GnnArtifact) -> GnnRouter:
    """A router that takes every outcome in at once."""
    return GnnRouter(GnnConfig(artifact=Path("made"), refresh_every=1), artifact)


def seen(router: GnnRouter, agent: str) -> float:
    return router.scores(state(graph_of(agent), SUM)).evidence[0]["seen"] - 160


def test_hops_that_were_forced_teach_nothing(artifact: GnnArtifact) -> None:
    router = learner(artifact)
    router.learn(outcome(1, step("sage", decided_by_router=False), step("clerk")))
    assert (seen(router, "sage"), seen(router, "clerk")) == (0, 1)


def test_an_agent_that_said_that_it_could_not_do_the_work_is_to_blame_alone(artifact: GnnArtifact) -> None:
    router = learner(artifact)
    router.learn(outcome(1, step("sage"), step("dud", answered=False), quality=0.0))
    assert (seen(router, "sage"), seen(router, "dud")) == (0, 1)


def test_episodes_that_were_all_judged_by_one_chance_count_once_each(artifact: GnnArtifact) -> None:
    router = learner(artifact)
    for number in range(10):
        router.learn(outcome(number, step("sage"), judged_probability=0.3))
    assert seen(router, "sage") == 10


def test_an_episode_that_was_judged_by_a_rarer_chance_stands_for_more(artifact: GnnArtifact) -> None:
    router = learner(artifact)
    for number in range(40):
        router.learn(outcome(2 * number, step("sage"), judged_probability=0.1))
        router.learn(outcome(2 * number + 1, step("clerk"), judged_probability=1.0))
    assert seen(router, "sage") == pytest.approx(10 * seen(router, "clerk"), rel=0.35)
    assert seen(router, "sage") + seen(router, "clerk") == pytest.approx(80, abs=10)


def test_a_configuration_names_the_folder_of_an_artifact(artifact: GnnArtifact, tmp_path: Path) -> None:
    save_gnn(tmp_path, artifact)
    assert isinstance(build_router("gnn", GnnConfig(artifact=tmp_path)), GnnRouter)


def test_the_best_few_share_weights_that_add_up_to_one() -> None:
    found = best_with_weights((0.1, 0.9, 0.8, 0.2), 2)
    assert [place for place, _ in found] == [1, 2]
    assert sum(weight for _, weight in found) == pytest.approx(1.0)
    assert found[0][1] > found[1][1]
