"""Artifacts on disk: arrays and a JSON header in one file, sealed by a fingerprint of both, no pickle."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidArtifact

Arrays = Mapping[str, NDArray[Any]]
_HEADER: Final = "header"
_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""Of every entry: otherwise two files of the same content would differ."""


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


def write_artifact(path: Path, kind: str, form: int, header: Mapping[str, Any], arrays: Arrays) -> str:
    """Write a JSON-compatible header and arrays; equal content gives equal files. Returns the version."""
    sealed = {**header, "kind": kind, "format": form}
    version = _version(sealed, arrays)
    text = json.dumps({**sealed, "version": version}, sort_keys=True)
    # Whoever serves with it may look at any moment: the file is there whole, or as it was.
    fresh = path.with_name(f".{path.name}.new")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
        stored: dict[str, NDArray[Any]] = {**arrays, _HEADER: np.frombuffer(text.encode(), dtype=np.uint8)}
        for name, array in stored.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _DATE), buffer.getvalue())
    fresh.replace(path)
    return version


def read_artifact(path: Path, kind: str, form: int) -> Opened:
    """Read what ``write_artifact`` wrote.

    Raises:
        InvalidArtifact: it is no artifact of this kind and format, or was changed.
    """
    header, arrays = _content(path)
    try:
        found, version = (header["kind"], header["format"]), header.pop("version")
    except (KeyError, TypeError) as error:
        raise unreadable(path, error) from None
    if found != (kind, form):
        raise InvalidArtifact(str(path), f"it is {found[0]} format {found[1]}, not {kind} {form}")
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
        # NumPy leaves a file open that it opened itself and could not read.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return json.loads(arrays.pop(_HEADER).tobytes()), arrays
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
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
