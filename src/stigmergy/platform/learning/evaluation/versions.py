"""Which code and which packages a report was made by."""

from __future__ import annotations

import platform as python
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from stigmergy import routers
from stigmergy.platform.learning import evaluation
from stigmergy.platform.learning.fingerprint import sources_fingerprint

_PACKAGES = ("stigmergy", "numpy", "pyarrow", "matplotlib", "sentence-transformers")


def code_versions() -> Mapping[str, str]:
    """Versions of Python, Stigmergy and the packages in use, and a fingerprint of the code that routes and judges."""
    found = {"python": python.python_version(), "code": sources_fingerprint(routers, evaluation)[:16]}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
