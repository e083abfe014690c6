"""A network that serves is taken the place of by a newer one, and told when the newer one does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stigmergy.errors import InvalidArtifact, InvalidPolicy
from stigmergy.platform.policies.desk import PolicyDesk
from stigmergy.platform.policies.loading import PolicyLoader
from stigmergy.platform.policy_records import NewPolicy
from stigmergy.platform.settings import settings_from
from stigmergy.platform.snapshots import serving_of
from stigmergy.platform.snapshots.served import ServedLearner
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.routers.artifact_bytes import artifact_bytes
from stigmergy.routers.gnn.checkpoint import GnnArtifact, load_gnn, save_gnn
from stigmergy.testing import FakeClock

CONFIG = """
agents:
  poet: {kind: scripted, replies: ["-"], price: {per_call: "0.001"}}
  nova: {kind: scripted, replies: ["-"], price: {per_call: "0.001"}, description: a new one}
graphs:
  g: {stages: [[poet, nova]], router: net}
routers:
  net: {kind: gnn, artifact: net}
"""


def test_a_network_is_swapped_and_one_that_does_not_fit_is_told(artifact: GnnArtifact, tmp_path: Path) -> None:
    old = save_gnn(tmp_path / "net", artifact)
    settings = settings_from(CONFIG, {}, folder=tmp_path)
    assert settings.routers["net"].artifact == tmp_path / "net"  # type: ignore[union-attr]
    serving = serving_of(settings, settings.build_graphs())
    snapshot, router = serving.snapshots["routers.net"], serving.routers["net"]
    assert isinstance(router, ServedLearner)
    assert (router.version, load_gnn(tmp_path / "net").version) == (old, old)

    new = save_gnn(tmp_path / "net", replace(artifact, origin=replace(artifact.origin, config={"epochs": 3})))
    fresh = snapshot.fresh()
    assert fresh is not None
    snapshot.swap(fresh)
    assert (router.version, router.trade_off) == (new, 0.3)

    (tmp_path / "net" / "tensors.safetensors").write_bytes(b"cut")
    assert snapshot.fresh() is None
    assert (router.version, "cannot be" in snapshot.problem or "does not match" in snapshot.problem) == (new, True)
    assert snapshot.fresh() is None, "the same file is not looked at twice"


def test_an_agent_without_a_description_that_the_network_does_not_know_is_no_fit(
    artifact: GnnArtifact, tmp_path: Path
) -> None:
    save_gnn(tmp_path / "net", artifact)
    settings = settings_from(CONFIG.replace(", description: a new one", ""), {}, folder=tmp_path)
    with pytest.raises(InvalidArtifact, match="does not know nova"):
        serving_of(settings, settings.build_graphs())


async def test_a_network_is_registered_with_its_folder_and_found_again_as_the_same_policy(
    artifact: GnnArtifact, tmp_path: Path
) -> None:
    settings = settings_from(CONFIG.replace("{kind: gnn, artifact: net}", "{kind: cheapest}"), {}, folder=tmp_path)
    graphs, store = settings.build_graphs(), MemoryStore()
    loader = PolicyLoader(settings, graphs)
    desk = PolicyDesk(store, graphs, loader, FakeClock())
    policy = NewPolicy(router="net", document={"kind": "gnn"}, fingerprint="")
    for name in ("one", "copy"):
        save_gnn(tmp_path / name, artifact)
    records = [await desk.register(policy, artifact_bytes(tmp_path / name)) for name in ("one", "copy")]
    assert [record.name for record in records] == ["net@1", "net@1"]
    kept = await store.policies.artifact(records[0].policy.fingerprint)
    assert loader.load(records[0], kept).policy_version() == "net@1"
    (tmp_path / "copy" / "artifact.json").write_text("{}")
    with pytest.raises(InvalidPolicy, match="cannot be used"):
        await desk.register(policy, artifact_bytes(tmp_path / "copy"))
