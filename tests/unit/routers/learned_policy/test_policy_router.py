"""A trained policy in service."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from stigmergy.domain import GOAL, START, Budget
from stigmergy.errors import InvalidArtifact, UnfitPolicy
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import GraphSpec
from stigmergy.platform.snapshots.serving import Admitting
from stigmergy.routers.artifact_file import write_artifact
from stigmergy.routers.base import QueryFeatures, RoutingState
from stigmergy.routers.catalog import load_trained
from stigmergy.routers.configs import PolicyConfig
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.learned_policy.artifact import LearnedPolicy, load_policy, save_policy
from stigmergy.routers.learned_policy.network import FORBIDDEN, network_of
from stigmergy.routers.learned_policy.router import PolicyRouter
from stigmergy.routers.observation import ObservationSpec
from stigmergy.testing import agent_profile, untrained_policy

PRICES = {"small": "0.001", "large": "0.010", "check": "0.002"}


def graph(**prices: str) -> AgentGraph:
    profiles = {agent: agent_profile(agent, usd) for agent, usd in {**PRICES, **prices}.items()}
    return AgentGraph("demo", GraphSpec(stages=(("small", "large"), ("check",)), edges={"large": (GOAL,)}), profiles)


def state(position: str = START, budget: Budget | None = None, text: str = "What is 2 + 2?") -> RoutingState:
    whole, budget = graph(), budget or Budget()
    found = Mask().candidates(whole, position, budget=budget).candidates
    query = QueryFeatures(np.zeros(4, np.float32), {"math": 1.0}, 0.5, "test", text)
    return RoutingState(query=query, graph=whole, position=position, candidates=found, budget=budget)


def test_a_policy_survives_being_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "policy.safetensors"
    written = save_policy(path, untrained_policy(graph()))
    read = load_policy(path)
    assert read.version == written.version
    assert read.describe() == written.describe()
    assert PolicyRouter(read).scores(state()) == PolicyRouter(written).scores(state())


def test_equal_policies_are_equal_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_policy(tmp_path / name, untrained_policy(graph()))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_scores_are_the_log_probabilities_of_the_candidates() -> None:
    found = PolicyRouter(untrained_policy(graph())).scores(state())
    assert np.exp(found.values).sum() == pytest.approx(1.0)
    assert [each["probability"] for each in found.evidence] == pytest.approx(np.exp(found.values).tolist())


def test_what_the_budget_forbids_gets_no_share() -> None:
    router = PolicyRouter(untrained_policy(graph()))
    tight = state(budget=Budget(Decimal("0.003")))
    assert [each.node for each in tight.candidates] == ["small"]
    assert router.scores(tight).values == (0.0,)


def test_a_node_without_a_choice_scores_nothing_and_says_that_it_is_not_known() -> None:
    profiles = {agent: agent_profile(agent, usd) for agent, usd in PRICES.items()}
    line = AgentGraph("demo", GraphSpec(stages=(("small", "large"), ("check",))), profiles)
    at_end = replace(state("check"), graph=line)
    found = PolicyRouter(untrained_policy(line)).scores(at_end)
    assert (found.values, found.evidence[0]["known"]) == ((0.0,), 0.0)


def test_a_policy_of_values_scores_values() -> None:
    policy = replace(untrained_policy(graph()), outputs="values")
    found = PolicyRouter(policy).scores(state())
    assert [each["value"] for each in found.evidence] == list(found.values)


def test_a_graph_with_other_prices_is_refused_with_both_versions() -> None:
    router, other = PolicyRouter(untrained_policy(graph())), graph(small="0.002")
    router.admit(graph())
    with pytest.raises(UnfitPolicy, match=other.version):
        router.admit(other)
    with pytest.raises(UnfitPolicy, match="graph"):
        router.scores(replace(state(), graph=other))


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("policy")
    with pytest.raises(InvalidArtifact, match="text"):
        load_policy(tmp_path / "text")


def test_the_file_is_safetensors_with_the_spec_in_its_metadata(tmp_path: Path) -> None:
    policy = untrained_policy(graph())
    save_policy(tmp_path / "policy.safetensors", policy)
    with safe_open(tmp_path / "policy.safetensors", framework="np") as stored:
        header = json.loads(stored.metadata()["header"])
        first = stored.get_tensor("weight0")
    assert ObservationSpec.from_json(header["spec"]) == policy.spec
    assert (first == policy.network.layers[0].weight).all()


def test_equal_policies_give_equal_files(tmp_path: Path) -> None:
    for name in ("one", "same"):
        save_policy(tmp_path / name, untrained_policy(graph()))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "same").read_bytes()


def test_a_file_of_an_earlier_release_says_that_it_is_to_be_trained_again(tmp_path: Path) -> None:
    write_artifact(tmp_path / "policy.npz", "policy", 1, {}, {"weight0": np.zeros((2, 2))})
    with pytest.raises(InvalidArtifact, match="policy format 1, not policy 2; train it again"):
        load_policy(tmp_path / "policy.npz")


def test_a_changed_weight_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "policy.safetensors"
    save_policy(path, untrained_policy(graph()))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InvalidArtifact, match="does not match its version"):
        load_policy(path)


def cut_short(policy: LearnedPolicy) -> LearnedPolicy:
    first, last = policy.network.layers
    return replace(policy, network=network_of([first.weight[1:], last.weight], [first.bias, last.bias]))


def of_other_features(policy: LearnedPolicy) -> LearnedPolicy:
    return replace(policy, spec=replace(policy.spec, features="others"))


@pytest.mark.parametrize("spoil", [cut_short, of_other_features])
def test_parts_that_do_not_fit_each_other_are_refused(spoil: type, tmp_path: Path) -> None:
    save_policy(tmp_path / "policy.safetensors", spoil(untrained_policy(graph())))
    with pytest.raises(InvalidArtifact):
        load_policy(tmp_path / "policy.safetensors")


def test_forbidden_outputs_are_finite_and_below_all_others() -> None:
    policy = untrained_policy(graph())
    seen = np.ones((1, policy.spec.size), dtype=np.float32)
    seen[0, policy.spec.mask.start] = 0.0
    found = policy.network.outputs(seen, policy.spec.mask)[0]
    assert found[0] == FORBIDDEN == found.min()


def test_a_decision_takes_well_under_a_millisecond() -> None:
    router, at = PolicyRouter(untrained_policy(graph())), state()
    router.scores(at)
    fastest = []
    for _ in range(200):
        began = time.perf_counter()
        router.scores(at)
        fastest.append(time.perf_counter() - began)
    assert min(fastest) < 0.001


def test_a_policy_can_be_loaded_as_one_that_is_registered(tmp_path: Path) -> None:
    written = save_policy(tmp_path / "policy.safetensors", untrained_policy(graph()))
    found = load_trained("best", PolicyConfig(artifact=tmp_path / "policy.safetensors"))
    assert (found.version, found.agents) == (written.version, written.spec.actions)
    assert found.serves.scores(state()) == PolicyRouter(written).scores(state())
    assert isinstance(found.serves, Admitting)
    with pytest.raises(InvalidArtifact, match="graph"):
        found.serves.admit(graph(small="0.002"), "any")
