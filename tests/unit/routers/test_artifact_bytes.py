"""An artifact is the same after it was sent, a folder of files, too."""

from __future__ import annotations

import io
import os
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from stigmergy.errors import InvalidArtifact
from stigmergy.routers.artifact_bytes import artifact_bytes, place_artifact


def folder(path: Path) -> Path:
    (path / "deep").mkdir(parents=True)
    (path / "b.json").write_text("{}")
    (path / "a.bin").write_bytes(bytes(range(256)) * 40)
    (path / "deep" / "c").write_bytes(b"")
    return path


def test_a_folder_comes_back_as_it_was(tmp_path: Path) -> None:
    one = folder(tmp_path / "one")
    place_artifact(artifact_bytes(one), tmp_path / "other")
    for file in ("a.bin", "b.json", "deep/c"):
        assert (tmp_path / "other" / file).read_bytes() == (one / file).read_bytes()


def test_dates_and_the_order_of_writing_change_nothing_and_names_and_contents_do(tmp_path: Path) -> None:
    one, same, renamed = (folder(tmp_path / name) for name in ("one", "same", "renamed"))
    os.utime(same / "a.bin", (1, 1))
    (same / "a.bin").chmod(0o600)
    (renamed / "b.json").rename(renamed / "d.json")
    assert artifact_bytes(one) == artifact_bytes(same) != artifact_bytes(renamed)


def test_a_file_is_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"PK something")
    content = artifact_bytes(tmp_path / "file")
    place_artifact(content, tmp_path / "placed")
    assert (tmp_path / "placed").read_bytes() == content == b"PK something"


@pytest.mark.parametrize("name", ["../outside", "/etc/outside"])
def test_an_archive_that_leads_out_of_its_folder_writes_nothing_there(name: str, tmp_path: Path) -> None:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(name))
    with suppress(InvalidArtifact):
        place_artifact(whole.getvalue(), tmp_path / "in")
    assert not (tmp_path / "outside").exists()
    assert not Path("/etc/outside").exists()


def test_links_and_damaged_archives_are_refused(tmp_path: Path) -> None:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(InvalidArtifact, match="no file: link"):
        place_artifact(whole.getvalue(), tmp_path / "one")
    with pytest.raises(InvalidArtifact, match="cannot be unpacked"):
        place_artifact(artifact_bytes(folder(tmp_path / "two"))[:700], tmp_path / "three")


def test_a_folder_without_files_and_a_path_without_anything_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "none"):
        with pytest.raises(InvalidArtifact, match=name):
            artifact_bytes(tmp_path / name)
