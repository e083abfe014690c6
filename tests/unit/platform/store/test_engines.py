from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import Engine

from stigmergy.errors import StoreUnavailable
from stigmergy.platform.store.engines import read_url, reading_engine, shown, writing_engine


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///a.db", "sqlite+pysqlite"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("postgresql+asyncpg://u@h/d", "postgresql+psycopg"),
    ],
)
def test_every_kind_of_url_gets_the_driver_we_ship(url: str, driver: str) -> None:
    assert read_url(url).drivername == driver


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "not a URL"),
        ("store.db", "not a URL"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://u@h/d", "'mysql' is unknown"),
    ],
)
def test_a_url_that_names_no_store_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(StoreUnavailable, match=reason):
        read_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cret@h/d",
        "postgresql://u@h/d?password=s3cret",
        "postgresql://u:s3cret@h:notaport/d",
        "u:s3cret@://u:s3cret@h",
    ],
)
def test_passwords_are_never_shown(url: str) -> None:
    assert "s3cret" not in shown(url)


@pytest.mark.parametrize(("durability", "synchronous"), [("process_crash", 1), ("power_loss", 2)])
def test_durability_sets_how_sqlite_flushes(
    tmp_path: Path, durability: Literal["process_crash", "power_loss"], synchronous: int
) -> None:
    engine = writing_engine(read_url(f"sqlite:///{tmp_path}/x.db"), durability)
    assert pragma(engine, "synchronous") == synchronous
    assert pragma(engine, "foreign_keys") == 1
    assert pragma(engine, "busy_timeout") == 10_000
    engine.dispose()


def test_readers_cannot_write(tmp_path: Path) -> None:
    engine = reading_engine(read_url(f"sqlite:///{tmp_path}/x.db"))
    assert pragma(engine, "query_only") == 1
    engine.dispose()
