"""SQLAlchemy engines, set up so that several processes can share one database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from stigmergy.errors import StoreUnavailable
from stigmergy.platform.records import Durability
from stigmergy.platform.store.prepared import executed

READERS = 2
_LOCK_WAIT_S = 10.0
_SYNCHRONOUS = {"process_crash": "NORMAL", "power_loss": "FULL"}
_POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    "application_name": "stigmergy",
    # A network that swallows packets must end as an error, not as silence.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def shown(url: str) -> str:
    """The URL without anything secret, for messages."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Nobody knows which part would have been the password.
        return "***" if "@" in url or "=" in url else repr(url)
    return parsed.difference_update_query(["password"]).render_as_string(hide_password=True)


def read_url(url: str) -> URL:
    """The URL as SQLAlchemy takes it, with the driver we ship.

    Raises:
        StoreUnavailable: no URL, an unknown kind of database, or SQLite without a file.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Not chained: the parser's error quotes the URL with its password.
        raise StoreUnavailable(shown(url), "this is not a URL; give sqlite:///path or postgresql://...") from None
    match parsed.drivername.partition("+")[0]:
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return parsed.set(drivername="sqlite+pysqlite")
        case "sqlite":
            raise StoreUnavailable(shown(url), "SQLite needs a file, as in sqlite:///data.db; or use memory://")
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise StoreUnavailable(shown(url), f"{other!r} is unknown; use memory://, sqlite:///path or postgresql://")


def writing_engine(url: URL, durability: Durability) -> Engine:
    """An engine with one connection, for the writer thread or for migrations."""
    if url.get_backend_name() == "postgresql":
        return _postgres(url, 1)
    return _writing_sqlite(url, durability)


def prompt_engine(url: URL, durability: Durability) -> Engine | None:
    """An engine with one connection that makes nobody wait; None where a commit waits for a disk or a network.

    It gives up at once where another process writes, and leaves the write-ahead log as it is.
    """
    if url.get_backend_name() == "postgresql" or durability == "power_loss":
        return None
    return _writing_sqlite(url, durability, "wal_autocheckpoint = 0", "busy_timeout = 0")


def _writing_sqlite(url: URL, durability: Durability, *more: str) -> Engine:
    engine = _sqlite(url, 1, ("foreign_keys = ON", f"synchronous = {_SYNCHRONOUS[durability]}", *more))

    @event.listens_for(engine, "begin")
    def _begin_immediate(connection: Connection) -> None:
        # A deferred transaction that turns into a writing one fails at once when another process writes.
        executed(connection, "BEGIN IMMEDIATE")

    return engine


def reading_engine(url: URL) -> Engine:
    """An engine for ``READERS`` threads; every statement sees what was committed before it."""
    if url.get_backend_name() == "postgresql":
        return _postgres(url, READERS, isolation_level="AUTOCOMMIT")
    return _sqlite(url, READERS, ("query_only = ON",))


def _postgres(url: URL, connections: int, **options: Any) -> Engine:
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args=_POSTGRES_OPTIONS,
        **options,
    )


def _sqlite(url: URL, connections: int, pragmas: tuple[str, ...]) -> Engine:
    engine = create_engine(url, pool_size=connections, max_overflow=0, connect_args={"timeout": _LOCK_WAIT_S})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin when we say so, not when the driver guesses
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    return engine
