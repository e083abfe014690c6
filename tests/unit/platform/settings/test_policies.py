"""A trained policy in a configuration file."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmergy.errors import ConfigError
from stigmergy.platform.settings import load_settings, settings_from
from stigmergy.routers.configs import PolicyConfig
from stigmergy.routers.learned_policy.artifact import save_policy
from stigmergy.testing import untrained_policy

FILE = """
agents:
  small: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
  large: {kind: scripted, replies: ["4"], price: {per_call: "PRICE"}}
graphs:
  sums: {stages: [[small, large]], router: trained}
routers:
  trained: {kind: policy, artifact: policy.safetensors}
"""


def site(folder: Path, price: str) -> Path:
    """The file with the large agent's price, and beside it a policy that was trained at a price of .010."""
    trained_for = settings_from(
        FILE.replace("PRICE", "0.010")
        .replace("trained}", "cheapest}")
        .replace("trained: {kind: policy, artifact: policy.safetensors}", "cheapest: {kind: cheapest}"),
        {},
    )
    save_policy(folder / "policy.safetensors", untrained_policy(trained_for.build_graphs()["sums"]))
    path = folder / "stigmergy.yaml"
    path.write_text(FILE.replace("PRICE", price), encoding="utf-8")
    return path


def test_a_policy_is_found_beside_the_file(tmp_path: Path) -> None:
    config = load_settings(site(tmp_path, "0.010"), {}).routers["trained"]
    assert isinstance(config, PolicyConfig)
    assert config.artifact == tmp_path / "policy.safetensors"


def test_a_policy_for_other_prices_is_refused_and_told_where_it_stands(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(site(tmp_path, "0.020"), {})
    ((path, problem),) = refused.value.problems
    assert path == "routers.trained.artifact"
    assert "graph 'sums'" in problem
    assert "trained on version" in problem


def test_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = site(tmp_path, "0.010")
    (tmp_path / "policy.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"routers\.trained\.artifact"):
        load_settings(path, {})
