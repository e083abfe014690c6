from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from stigmergy.errors import StoreUnavailable
from stigmergy.platform.learning.verify import Verdict, verify
from stigmergy.platform.store import migrate as migrate_module
from stigmergy.platform.store import open_store
from stigmergy.platform.store.engines import read_url, writing_engine
from stigmergy.platform.store.migrate import migrate
from stigmergy.platform.store.tables import metadata

TABLES = {*metadata.tables, "alembic_version"}


def test_the_migrations_make_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    migrate(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
        assert set(inspect(connection).get_table_names()) == TABLES
    engine.dispose()


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    migrate(f"sqlite:///{path}")
    before = dump(path)
    migrate(f"sqlite:///{path}")
    assert dump(path) == before


async def test_episodes_from_before_the_hash_chain_are_kept_without_one(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    migrate_to("0001", f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    connection.executescript("INSERT INTO events VALUES ('old', 0, 'accepted', '{}', 1, '2026-01-01 00:00:00.000000');")
    connection.close()
    store = open_store(f"sqlite:///{path}")
    assert [event.previous for event in await store.journal.read("old")] == [""]
    assert (await verify(store, "old")).verdict is Verdict.NOT_CHAINED
    await store.aclose()


def test_the_file_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "100% odd name.db"
    migrate(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_processes_that_start_together_share_the_work(tmp_path: Path) -> None:
    code = (
        "import sys; from stigmergy.platform.store.migrate import migrate; "
        "print('ready', flush=True); sys.stdin.readline(); migrate(sys.argv[1])"
    )
    command = [sys.executable, "-W", "error", "-c", code, f"sqlite:///{tmp_path}/x.db"]
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=os.environ) for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [(process.communicate()[1], process.returncode) for process in started] == [("", 0)] * 4
    assert "CREATE TABLE tasks" in dump(tmp_path / "x.db")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"no folder '.*absent'; create it"):
        migrate(f"sqlite:///{tmp_path}/absent/x.db")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, " * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        migrate(f"sqlite:///{path}")
    assert path.read_text() == "not a database, " * 100


def migrate_to(revision: str, url: str) -> None:
    """The tables as a version of before made them."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrate_module.__file__).parent / "migrations"))
    engine = writing_engine(read_url(url), "process_crash")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def dump(path: Path) -> str:
    connection = sqlite3.connect(path)
    script = "\n".join(connection.iterdump())
    connection.close()
    return script
