"""Which code made something."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import ModuleType


def sources_fingerprint(*packages: ModuleType) -> str:
    """sha256 over the Python sources of packages, their names included."""
    total = hashlib.sha256()
    for package in packages:
        folder = Path(next(iter(package.__path__)))
        for path in sorted(folder.rglob("*.py")):
            total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()
