"""A PostgreSQL server for tests of processes that share it, and an empty store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from stigmergy.platform.ports import Store
from stigmergy.platform.store import open_store


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Stores that processes can share; give ``sqlite`` or ``postgresql`` as the parameter."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    url = str(request.getfixturevalue("postgres_url"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE shared_by_processes")
    return make_url(url).set(database="shared_by_processes").render_as_string(hide_password=False)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    opened = open_store(store_url)
    yield opened
    await opened.aclose()
