"""Which code and which packages a report was made by."""

from __future__ import annotations

import hashlib
import platform as python
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stigmergy import routers
from stigmergy.platform.learning import evaluation

_PACKAGES = ("stigmergy", "numpy", "pyarrow", "matplotlib", "sentence-transformers")


def code_versions() -> Mapping[str, str]:
    """Versions of Python, Stigmergy and the packages in use, and a fingerprint of the code that routes and judges."""
    found = {"python": python.python_version(), "code": _fingerprint()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _fingerprint() -> str:
    """The start of a sha256 over the sources of the routers and of this package, names included."""
    total = hashlib.sha256()
    for room in (routers, evaluation):
        folder = Path(str(room.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]
