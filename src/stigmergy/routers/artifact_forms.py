"""The two forms that an artifact has as bytes: NumPy's archive, and safetensors with the header as its metadata."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile)
"""What ``unpacked`` raises for bytes that are of neither form."""

_HEADER: Final = "header"
_METADATA: Final = "__metadata__"
_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""Of every entry: otherwise two files of the same content would differ."""
_ARCHIVE: Final = b"PK"
_LENGTH: Final = 8
"""Bytes, at the beginning of a safetensors file, that tell how long its header is."""


def npz(header: str, arrays: Arrays) -> bytes:
    """NumPy's archive; arrays of any plain dtype, texts included."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        stored: dict[str, NDArray[Any]] = {**arrays, _HEADER: np.frombuffer(header.encode(), dtype=np.uint8)}
        for name, array in stored.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _DATE), buffer.getvalue())
    return whole.getvalue()


def tensors(header: str, arrays: Arrays) -> bytes:
    """A safetensors file; arrays of numbers and truths alone."""
    # The library writes metadata in no certain order: one entry makes equal content equal bytes.
    return safetensors.numpy.save(
        {name: np.ascontiguousarray(each) for name, each in arrays.items()}, {_HEADER: header}
    )


def unpacked(content: bytes) -> tuple[str, Arrays]:
    """Header and arrays of either form; raises one of ``UNREADABLE``."""
    return _from_npz(content) if content.startswith(_ARCHIVE) else _from_tensors(content)


def _from_npz(content: bytes) -> tuple[str, Arrays]:
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return arrays.pop(_HEADER).tobytes().decode(), arrays


def _from_tensors(content: bytes) -> tuple[str, Arrays]:
    try:
        arrays = safetensors.numpy.load(content)
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    # The library checks metadata, but tells them of files alone.
    told = json.loads(content[_LENGTH : _LENGTH + int.from_bytes(content[:_LENGTH], "little")])
    return told[_METADATA][_HEADER], arrays
