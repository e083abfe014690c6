"""Evidence policies as files."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from stigmergy.errors import InvalidArtifact
from stigmergy.routers.evidence.artifact import Origin, load_artifact, save_artifact
from stigmergy.routers.evidence.policy import EvidencePolicy

MakePolicy = Callable[[Mapping[tuple[int, int], float]], EvidencePolicy]
ORIGIN = Origin(data={"log.parquet": "ab12"}, code="cd34", config={"roster_size": 3}, queries=5)


def test_what_is_loaded_is_what_was_saved_and_says_what_it_contains(make_policy: MakePolicy, tmp_path: Path) -> None:
    policy = make_policy({(0, 0): 0.5})
    saved = save_artifact(tmp_path / "a.npz", policy, ORIGIN)
    loaded = load_artifact(tmp_path / "a.npz")
    assert (loaded.version, loaded.origin) == (saved.version, ORIGIN)
    assert loaded.policy.posteriors.keys() == policy.posteriors.keys()
    assert all((loaded.policy.advantages[key] == weights).all() for key, weights in policy.advantages.items())
    described = loaded.describe()
    assert (described["roster"], described["code"], described["queries"]) == (["a", "b", "c"], "cd34", 5)


def test_another_weight_or_another_origin_is_another_version(make_policy: MakePolicy, tmp_path: Path) -> None:
    versions = {
        save_artifact(tmp_path / "a.npz", make_policy({(0, 0): 0.5}), ORIGIN).version,
        save_artifact(tmp_path / "a.npz", make_policy({(0, 0): 0.6}), ORIGIN).version,
        save_artifact(
            tmp_path / "a.npz", make_policy({(0, 0): 0.5}), Origin(data={}, code="cd34", config={}, queries=5)
        ).version,
    }
    assert len(versions) == 3


def test_a_file_that_was_changed_is_refused(make_policy: MakePolicy, tmp_path: Path) -> None:
    save_artifact(tmp_path / "a.npz", make_policy({}), ORIGIN)
    with np.load(tmp_path / "a.npz") as stored:
        arrays = dict(stored.items())
    np.savez(tmp_path / "b.npz", **{**arrays, "prices": arrays["prices"] + 1.0})
    with pytest.raises(InvalidArtifact, match="does not match its version"):
        load_artifact(tmp_path / "b.npz")


def test_pickled_arrays_are_not_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", header=np.array([{}], dtype=object))
    with pytest.raises(InvalidArtifact, match="cannot be read"):
        load_artifact(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"no archive", None], ids=["empty", "text", "absent"])
def test_what_is_no_artifact_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InvalidArtifact, match=r"a\.npz cannot be used"):
        load_artifact(tmp_path / "a.npz")


def test_an_archive_of_other_things_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(InvalidArtifact, match="cannot be read"):
        load_artifact(tmp_path / "a.npz")
