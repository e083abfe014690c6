"""How the configuration states which replica of a model answers."""

from __future__ import annotations

import pytest

from stigmergy.agents.models.configs import deployment_of
from stigmergy.agents.models.replica_routing import CacheAffineConfig, PowerOfTwoConfig, PrefixAwareConfig, SpillConfig
from stigmergy.errors import ConfigError
from stigmergy.platform.settings.loading import settings_from

CONFIG = """
models:
  echo: {{kind: scripted, deployment: {deployment}}}
agents:
  clerk: {{kind: llm, model: echo, price: {{}}}}
graphs:
  main: {{stages: [[clerk]], router: any}}
routers:
  any: {{kind: random}}
"""


def routing(deployment: str) -> object:
    config = deployment_of(settings_from(CONFIG.format(deployment=deployment), {}).models["echo"])
    return config and config.replica_routing


def test_left_out_it_is_power_of_two() -> None:
    assert routing("{num_replicas: 2}") == PowerOfTwoConfig()


def test_each_kind_is_read() -> None:
    assert routing(
        "{replica_routing: {kind: cache_affine, prefix_chars: 400, prefix_messages: 2, spill: {slo_load: 8}}}"
    ) == CacheAffineConfig(prefix_chars=400, prefix_messages=2, spill=SpillConfig(slo_load=8))
    assert routing("{replica_routing: {kind: prefix_aware, imbalance: 3}}") == PrefixAwareConfig(imbalance=3)


@pytest.mark.parametrize(
    ("deployment", "place", "said"),
    [
        ("{replica_routing: {kind: cache_affine, prefix_chars: 0}}", "replica_routing", "prefix_chars = 0"),
        ("{replica_routing: {kind: cache_affine, spill: {above_mean: 0.5}}}", "spill", "above_mean = 0.5"),
        ("{replica_routing: {kind: cache_affine, near: 1}}", "near", "unknown key"),
    ],
)
def test_a_mistake_is_named_with_its_place(deployment: str, place: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_from(CONFIG.format(deployment=deployment), {})

    assert place in str(caught.value)
    assert said in str(caught.value)


def test_agents_deployments_know_no_prefixes() -> None:
    text = CONFIG.format(deployment="{}").replace(
        "price: {}}", "price: {}, runs: deployment, deployment: {replica_routing: {kind: cache_affine}}}"
    )
    with pytest.raises(ConfigError, match="unknown key"):
        settings_from(text, {})
