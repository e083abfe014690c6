"""INSERT ... ON CONFLICT, which SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart."""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_for(connection: Connection, table: Table) -> sqlite.Insert:
    """An INSERT that knows ``on_conflict_do_update`` and ``on_conflict_do_nothing`` in this connection's dialect."""
    if connection.dialect.name == "postgresql":
        # Same methods with the same meaning; typed as SQLite's, for there is no common base.
        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)
