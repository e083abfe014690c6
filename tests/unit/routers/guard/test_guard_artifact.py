"""Guards on disk."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from stigmergy.errors import InvalidArtifact
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.guard.artifact import configured_guard, load_guard, save_guard
from stigmergy.routers.guard.config import GuardConfig
from stigmergy.routers.guard.guard import Guard

ORIGIN = Origin(data={"log": "00"}, code="11", config={"suite": "bank"}, queries=2)


def test_a_loaded_guard_gives_the_same_verdicts(guard: Guard, tmp_path: Path) -> None:
    path = tmp_path / "guard.npz"
    written = save_guard(path, guard, ORIGIN)
    read = load_guard(path)
    assert (read.version, read.origin) == (written.version, ORIGIN)
    assert read.guard.verdict("interest on a loan") == guard.verdict("interest on a loan")
    assert read.describe()["agents"] == ["bank", "doctor"]


def test_equal_guards_give_equal_files(guard: Guard, tmp_path: Path) -> None:
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    save_guard(first, guard, ORIGIN)
    save_guard(second, guard, ORIGIN)
    assert first.read_bytes() == second.read_bytes()


def test_a_changed_file_is_refused(guard: Guard, tmp_path: Path) -> None:
    path, changed = tmp_path / "guard.npz", tmp_path / "changed.npz"
    save_guard(path, guard, ORIGIN)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[:-1] + b"\1" if name == "rarity.npy" else content)
    with pytest.raises(InvalidArtifact, match="does not match its version"):
        load_guard(changed)


def test_what_is_no_artifact_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "guard.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(InvalidArtifact, match=r"guard\.npz"):
        load_guard(path)


def test_a_configured_threshold_takes_the_place_of_the_trained_one(guard: Guard, tmp_path: Path) -> None:
    path = tmp_path / "guard.npz"
    save_guard(path, guard, ORIGIN)
    assert configured_guard(GuardConfig(artifact=path)).serves.threshold == 0.5
    assert configured_guard(GuardConfig(artifact=path, threshold=0.9)).serves.threshold == 0.9


def test_a_threshold_is_a_probability() -> None:
    with pytest.raises(ValueError, match="a probability"):
        GuardConfig(artifact=Path("x"), threshold=1.5)
