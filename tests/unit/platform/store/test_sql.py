"""What only a database can promise: processes share it, crashes do not lose it, and it can be away."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stigmergy.errors import StoreUnavailable
from stigmergy.platform.ports import Store
from stigmergy.platform.records import StoredEvent
from stigmergy.platform.store import open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
APPEND = """
import asyncio, sys
from datetime import UTC, datetime
from stigmergy.platform.records import StoredEvent
from stigmergy.platform.store import open_store

async def main(url, name, count):
    store = open_store(url)
    for seq in range(count):
        await store.journal.append(name, [StoredEvent(name, seq, "k", "{}", 1, datetime(2026, 1, 1, tzinfo=UTC))])
        print(seq, flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    opened = open_store(f"sqlite:///{path}")
    yield opened
    await opened.aclose()


def event(name: str, seq: int, at: datetime = NOW) -> StoredEvent:
    return StoredEvent(name, seq, "k", "{}", 1, at)


def appending(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", APPEND, f"sqlite:///{path}", name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)


async def test_several_processes_write_one_file_at_the_same_time(path: Path, store: Store) -> None:
    processes = [appending(path, name, 200) for name in ("a", "b")]
    for seq in range(200):
        await store.journal.append("mine", [event("mine", seq)])
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    for name in ("a", "b", "mine"):
        assert len(await store.journal.read(name)) == 200


async def test_what_was_committed_survives_a_kill(path: Path, store: Store) -> None:
    process = appending(path, "victim", 1_000_000)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) == 50:
            break
    process.send_signal(signal.SIGKILL)
    committed = 51 + len(process.communicate()[0].splitlines())
    stored = [event.seq for event in await store.journal.read("victim")]
    assert stored == list(range(len(stored)))
    assert len(stored) in (committed, committed + 1)  # one may be committed and not yet told


async def test_reads_do_not_wait_behind_writes(path: Path, store: Store) -> None:
    await store.journal.append("e", [event("e", 0)])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(store.journal.append("e", [event("e", 1)]))
    assert len(await store.journal.read("e")) == 1
    assert not waiting.done()
    other.execute("ROLLBACK")
    other.close()
    await waiting
    assert len(await store.journal.read("e")) == 2


async def test_a_closed_store_says_so(path: Path, store: Store) -> None:
    await store.aclose()
    for call in (store.journal.read("e"), store.journal.append("e", [event("e", 0)])):
        with pytest.raises(StoreUnavailable, match="closed"):
            await call


async def test_a_time_without_zone_is_refused_without_showing_what_users_wrote(store: Store) -> None:
    naive = StoredEvent("e", 0, "k", json.dumps("private"), 1, datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(StoreUnavailable, match="no zone") as refused:
        await store.journal.append("e", [naive])
    assert "private" not in str(refused.value)


async def test_a_store_opened_again_has_everything(path: Path, store: Store) -> None:
    await store.trails.save("main", 1, "{}")
    again = open_store(f"sqlite:///{path}", "power_loss")
    assert await again.trails.load("main") == (1, "{}")
    await again.aclose()
