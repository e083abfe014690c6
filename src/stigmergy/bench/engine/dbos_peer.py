"""The chain in DBOS: a workflow of five steps over SQLite."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from dbos import DBOS

from stigmergy.bench.engine.system import STEPS, SYNCHRONOUS, System


class _Connection(sqlite3.Connection):
    """A connection with the pragma that this platform sets, too; by default each commit would flush the disk."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.execute("PRAGMA synchronous = NORMAL")


@contextmanager
def dbos_on_sqlite(folder: Path) -> Iterator[System]:
    """DBOS, started; it is one per process, and ends with this block."""
    file = folder / "dbos.db"
    with closing(sqlite3.connect(file, factory=_Connection)) as connection:
        # Of the file, and stays: by default SQLite would keep a rollback journal.
        (journal,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    logging.getLogger("dbos").setLevel(logging.ERROR)
    DBOS(
        config={
            "name": "engine-bench",
            "system_database_url": f"sqlite:///{file}",
            "db_engine_kwargs": {"connect_args": {"factory": _Connection}},
            "log_level": "ERROR",
        }
    )

    @DBOS.step()
    async def step(text: str) -> str:
        return text

    @DBOS.workflow()
    async def chain(text: str) -> str:
        for _ in range(STEPS):
            text = await step(text)
        return text

    async def task(text: str) -> None:
        await chain(text)

    DBOS.launch()
    try:
        kept = f"SQLite, journal_mode={journal}, synchronous={SYNCHRONOUS[synchronous]}"
        settings = {"durability": f"{kept}; every step's result committed before the next step"}
        yield System(name="dbos_sqlite", task=task, settings=settings)
    finally:
        DBOS.destroy(destroy_registry=True)
        # DBOS has made the loop's default executor its own, and has shut it down with itself.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
