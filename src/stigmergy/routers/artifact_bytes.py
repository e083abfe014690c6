"""Artifacts as one string of bytes, to be sent and kept: a file as it is, a folder of files as a tar archive."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Final

from stigmergy.errors import InvalidArtifact

_TAR: Final = b"ustar"
_TAR_AT: Final = 257
"""Where every tar archive says that it is one; no artifact of one file has these letters there."""


def artifact_bytes(path: Path) -> bytes:
    """The artifact at a path; equal files, whatever their dates and owners, give equal bytes.

    Raises:
        InvalidArtifact: there is no file, and no folder with files.
    """
    try:
        return _archive(path) if path.is_dir() else path.read_bytes()
    except OSError as error:
        raise InvalidArtifact(str(path), f"it cannot be read ({error})") from None


def place_artifact(content: bytes, path: Path) -> None:
    """Write what ``artifact_bytes`` gave to a path where nothing is yet.

    Raises:
        InvalidArtifact: it is a damaged archive, or one with other things in it than files.
    """
    if content[_TAR_AT:].startswith(_TAR):
        _extract(content, path)
    else:
        path.write_bytes(content)


def _archive(folder: Path) -> bytes:
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    if not files:
        raise InvalidArtifact(str(folder), "the folder holds no file")
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for file in files:
            entry, content = tarfile.TarInfo(file.relative_to(folder).as_posix()), file.read_bytes()
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def _extract(content: bytes, folder: Path) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            if strange := [entry.name for entry in archive if not entry.isfile()]:
                raise InvalidArtifact(str(folder), f"the archive holds what is no file: {', '.join(strange)}")
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise InvalidArtifact(str(folder), f"the archive cannot be unpacked ({error})") from None
