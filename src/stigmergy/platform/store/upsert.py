"""INSERT ... ON CONFLICT, which SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart."""

from __future__ import annotations

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_for(dialect: str, table: Table) -> sqlite.Insert:
    """An INSERT that knows ``on_conflict_do_update`` and ``on_conflict_do_nothing`` in the dialect of this name."""
    if dialect == "postgresql":
        # Same methods with the same meaning; typed as SQLite's, for there is no common base.
        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)
