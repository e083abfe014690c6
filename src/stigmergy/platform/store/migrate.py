"""Bringing a database's tables up to date, from within the program."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from stigmergy.errors import StoreUnavailable
from stigmergy.platform.records import Durability
from stigmergy.platform.store.database import our_errors
from stigmergy.platform.store.engines import read_url, shown, writing_engine

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x5714_6E26
_LOCK_WAIT_S = 30.0
_SWITCH_TRIES = 100


def migrate(url: str, durability: Durability = "process_crash") -> None:
    """Run the migrations that the database has not seen, all of them or none.

    Running it again is harmless, and of several processes that start together one does the work while the others
    wait for it.

    Raises:
        StoreUnavailable: the database cannot be reached or refuses.
    """
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        _write_ahead(parsed)
    engine = writing_engine(parsed, durability)
    try:
        with our_errors(shown(url)), engine.begin() as connection:
            _upgrade(connection)
    finally:
        engine.dispose()


def _write_ahead(url: URL) -> None:
    """Switch the file to write-ahead logging. The file remembers, and only outside a transaction can it be done."""
    path = str(url.database)
    try:
        connection = sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None)
        try:
            mode = _switched(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        hint = "" if Path(path).parent.is_dir() else f" (there is no folder {str(Path(path).parent)!r}; create it)"
        raise StoreUnavailable(shown(str(url)), f"{error}{hint}") from error
    if mode != "wal":
        raise StoreUnavailable(
            shown(str(url)), f"it keeps journal mode {mode!r}: write-ahead logging needs a local disk"
        )


def _switched(connection: sqlite3.Connection) -> str:
    """The journal mode after the switch. When others switch at the same time, wait for them."""
    for _ in range(_SWITCH_TRIES):
        try:
            return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        # The switch gives up at once where a writing transaction waits for its turn.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def _upgrade(connection: Connection) -> None:
    # On SQLite BEGIN IMMEDIATE is the lock.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    if set(MigrationContext.configure(connection).get_current_heads()) == _heads():
        return
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@cache
def _heads() -> frozenset[str]:
    """The last revisions; to know them, every script is run."""
    return frozenset(ScriptDirectory(str(_SCRIPTS)).get_heads())
