"""A store URL in, a store out."""

from __future__ import annotations

from stigmergy.errors import MissingExtra
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
