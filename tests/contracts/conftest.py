"""One store per kind, empty for every test; PostgreSQL is started once, from its wheel."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from stigmergy.platform.ports import Store
from stigmergy.platform.store import open_store
from stigmergy.platform.store.migrate import migrate

_TABLES = (
    "tasks, events, episodes, feedback, policies, policy_artifacts, policy_shadows, graphs, trails, "
    "budget_accounts, budget_holders, budget_grants, budget_episodes"
)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables: copying it takes a tenth of what making them takes."""
    path = tmp_path_factory.mktemp("empty") / "store.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "memory":
        return "memory://"
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('empty_sqlite'), tmp_path / 'store.db')}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    opened = open_store(store_url)
    yield opened
    await opened.aclose()
    if store_url.startswith("postgresql"):
        with psycopg.connect(store_url, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {_TABLES}")
