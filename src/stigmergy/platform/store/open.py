"""A store URL in, a store out."""

from __future__ import annotations

from pathlib import Path

from stigmergy.errors import MissingExtra, StoreUnavailable
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Durability
from stigmergy.platform.store.memory import MemoryStore

MEMORY = "memory://"


def open_store(url: str, durability: Durability = "process_crash") -> Store:
    """Open the store at ``url`` and bring its tables up to date.

    Blocks while it connects, so call it before serving starts.

    Args:
        url: ``memory://``, ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://user@host/name``.
        durability: What a committed write on SQLite survives. ``process_crash`` is safe against kill -9 of any
            process, ``power_loss`` also against a machine that goes dark, at the price of a disk flush per commit.
            PostgreSQL goes by its own ``synchronous_commit``.

    Raises:
        StoreUnavailable: the database cannot be reached or the URL names none.
        MissingExtra: the packages for this kind of database are not installed.
    """
    if url == MEMORY:
        return MemoryStore()
    try:
        from stigmergy.platform.store.sql import open_sql
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "sqlalchemy", "core") from error
    try:
        return open_sql(url, durability)
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "psycopg", "postgres") from error


def open_existing(url: str) -> Store:
    """Open a store that somebody else filled, as ``open_store``; a file that is not there is not made.

    Raises:
        StoreUnavailable: also when there is no such file, or the store lives in another process's memory.
        MissingExtra: as ``open_store``.
    """
    if url == MEMORY:
        raise StoreUnavailable(MEMORY, "it lives in the memory of the process that serves it; ask that process")
    scheme, _, path = url.partition(":///")
    if scheme.partition("+")[0] == "sqlite" and path and not Path(path.partition("?")[0]).is_file():
        raise StoreUnavailable(url, f"there is no file {path!r} here; name the store with --store or --config")
    return open_store(url)
