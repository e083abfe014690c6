"""Where the sources are."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of ``pyproject.toml``."""
    return Path(__file__).resolve().parents[2]
