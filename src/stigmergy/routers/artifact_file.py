"""The form of every trained artifact: arrays and a JSON header in one file, no pickle, with the version inside."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidArtifact

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
_HEADER: Final = "header"
_DATE: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an artifact was made of: sha256 of each data file, of the code, and the configuration of the training."""

    data: Mapping[str, str]
    code: str
    config: Mapping[str, Any]
    queries: int

    def document(self) -> dict[str, Any]:
        """As JSON-compatible values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds, its version checked; ``header`` is without the version."""

    header: Mapping[str, Any]
    arrays: Arrays
    version: str


def write_content(path: Path, header: Mapping[str, Any], arrays: Arrays) -> str:
    """Write a file and return its version; equal contents give equal files.

    Args:
        path: it ends in ``.npz``, by custom.
        header: JSON-compatible; ``kind`` and ``format`` say who may read it.
        arrays: of plain numbers.
    """
    version = _version(header, arrays)
    text = json.dumps({**header, "version": version}, sort_keys=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in {**arrays, _HEADER: np.frombuffer(text.encode(), dtype=np.uint8)}.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            # The entry's date is fixed: otherwise two files of the same content would differ.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _DATE), buffer.getvalue())
    return version


def read_content(path: Path, kind: str, form: int) -> Content:
    """Read what ``write_content`` wrote.

    Raises:
        InvalidArtifact: it is no artifact of this kind and format, or was changed.
    """
    with refusing(path):
        # NumPy leaves a file open that it opened itself and could not read.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = json.loads(arrays.pop(_HEADER).tobytes())
        if (header["kind"], header["format"]) != (kind, form):
            raise InvalidArtifact(str(path), f"it is {header['kind']} format {header['format']}, not {kind} {form}")
        version = header.pop("version")
        if version != _version(header, arrays):
            raise InvalidArtifact(str(path), f"its content does not match its version {version}")
        return Content(header, arrays, version)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Whatever is wrong with a file inside this block becomes an InvalidArtifact that names it."""
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidArtifact(str(path), f"it cannot be read ({type(error).__name__}: {error})") from None


def _version(header: Mapping[str, Any], arrays: Arrays) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    return f"{header['kind']}-{digest.hexdigest()[:12]}"
