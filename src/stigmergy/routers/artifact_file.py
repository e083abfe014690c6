"""Artifacts on disk: arrays and a JSON header in one file, sealed by a fingerprint of both, no pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from stigmergy.errors import InvalidArtifact
from stigmergy.routers.artifact_forms import UNREADABLE, Arrays, npz, unpacked

Form: TypeAlias = Callable[[str, Arrays], bytes]
"""Makes one file of a header and arrays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an artifact was made of: sha256 of each data file, of the code, and the configuration of the training."""

    data: Mapping[str, str]
    code: str
    config: Mapping[str, Any]
    queries: int

    def to_dict(self) -> dict[str, Any]:
        """JSON-compatible values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Opened:
    """The content of an artifact; ``version`` changes with every bit of it."""

    header: Mapping[str, Any]
    arrays: Arrays
    version: str


def write_artifact(
    path: Path, kind: str, number: int, header: Mapping[str, Any], arrays: Arrays, form: Form = npz
) -> str:
    """Write a JSON-compatible header and arrays; equal content gives equal files. Returns the version.

    Args:
        path: of the file.
        kind: of artifact.
        number: of the format that this kind has in this release.
        header: what is no array.
        arrays: by name.
        form: of the file: ``artifact_forms.npz`` or ``artifact_forms.tensors``; readers take either.
    """
    sealed = {**header, "kind": kind, "format": number}
    version = _version(sealed, arrays)
    content = form(json.dumps({**sealed, "version": version}, sort_keys=True), arrays)
    # Whoever serves with it may look at any moment: the file is there whole, or as it was.
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)
    return version


def read_artifact(path: Path, kind: str, number: int) -> Opened:
    """Read what ``write_artifact`` wrote.

    Raises:
        InvalidArtifact: it is no artifact of this kind and format, or was changed.
    """
    header, arrays = _content(path)
    try:
        found, version = (header["kind"], header["format"]), header.pop("version")
    except (KeyError, TypeError) as error:
        raise unreadable(path, error) from None
    if found != (kind, number):
        what = f"it is {found[0]} format {found[1]}, not {kind} {number}"
        raise InvalidArtifact(str(path), f"{what}; train it again" if found[0] == kind else what)
    if version != _version(header, arrays):
        raise InvalidArtifact(str(path), f"its content does not match its version {version}")
    return Opened(header, arrays, version)


def kind_of(path: Path) -> str:
    """The kind that an artifact says it is of; nothing else of it is looked at.

    Raises:
        InvalidArtifact: it is no artifact.
    """
    try:
        return str(_content(path)[0]["kind"])
    except (KeyError, TypeError) as error:
        raise unreadable(path, error) from None


def _content(path: Path) -> tuple[dict[str, Any], Arrays]:
    try:
        header, arrays = unpacked(path.read_bytes())
        return json.loads(header), arrays
    except UNREADABLE as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> InvalidArtifact:
    """The error for content that cannot be made sense of."""
    return InvalidArtifact(str(path), f"it cannot be read ({type(error).__name__}: {error})")


def _version(header: Mapping[str, Any], arrays: Arrays) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    return f"{header['kind']}-{digest.hexdigest()[:12]}"
