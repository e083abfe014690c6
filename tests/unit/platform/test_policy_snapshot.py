"""A policy is trained anew while the file of its router serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmergy.platform.settings import Settings, settings_from
from stigmergy.platform.snapshots import ArtifactWatch, Serving, serving_of
from stigmergy.routers.learned_policy.artifact import save_policy
from stigmergy.testing import linear_graph, untrained_policy

CONFIG = """
agents:
  cheap: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
  dear: {kind: scripted, replies: ["5"], price: {per_call: "0.01"}}
graphs:
  sums: {stages: [[cheap, dear]], router: trained}
routers:
  trained: {kind: policy, artifact: policy.safetensors}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    without = settings_from(CONFIG.replace("kind: policy, artifact: policy.safetensors", "kind: cheapest"), {})
    save_policy(tmp_path / "policy.safetensors", untrained_policy(without.build_graphs()["sums"]))
    return settings_from(CONFIG, {}, folder=tmp_path)


def watched(settings: Settings) -> tuple[Serving, ArtifactWatch]:
    serving = serving_of(settings, settings.build_graphs())
    return serving, ArtifactWatch(serving.snapshots, 60.0)


async def test_the_new_one_decides_from_then_on(settings: Settings, tmp_path: Path) -> None:
    serving, watch = watched(settings)
    snapshot = serving.snapshots["routers.trained"]
    before = snapshot.current.version
    other = untrained_policy(settings.build_graphs()["sums"], seed=1)
    version = save_policy(tmp_path / "policy.safetensors", other).version
    assert snapshot.current.version == before
    await watch.look()
    assert snapshot.current.version == version != before


@pytest.mark.parametrize("damage", ["cut", "of another graph"])
async def test_one_that_cannot_serve_is_told_and_the_old_one_decides(
    settings: Settings, tmp_path: Path, damage: str
) -> None:
    serving, watch = watched(settings)
    snapshot, path = serving.snapshots["routers.trained"], tmp_path / "policy.safetensors"
    before = snapshot.current.version
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:100])
    else:
        save_policy(path, untrained_policy(linear_graph([[("cheap", "1"), ("other", "2")]])))
    await watch.look()
    assert snapshot.current.version == before
    assert {"cut": "cannot be read", "of another graph": "does not fit"}[damage] in snapshot.problem
