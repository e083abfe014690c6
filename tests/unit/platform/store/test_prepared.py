from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from stigmergy.platform.store.engines import read_url, writing_engine
from stigmergy.platform.store.prepared import Prepared
from stigmergy.platform.store.tables import events, metadata

ADD = Prepared(lambda _: insert(events), events.columns.keys())
FIND = Prepared(lambda _: select(events).where(events.c.seq == bindparam("number"), events.c.v == 1))
RENAME = Prepared(lambda _: update(events).where(events.c.v == 1).returning(events.c.at), ["kind"])
ROW = {
    "episode_id": "ep_\ud800",
    "seq": 0,
    "kind": "hop",
    "payload": "nul \0",
    "v": 1,
    "at": datetime(2026, 1, 2, tzinfo=UTC),
    "previous": "",
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = writing_engine(read_url(f"sqlite:///{tmp_path}/x.db"), "process_crash")
    with engine.begin() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def test_what_goes_in_through_the_column_types_comes_out_as_it_was(connection: Connection) -> None:
    assert ADD.run(connection, ROW) == 1
    assert FIND.first(connection, {"number": 0}) == ROW
    assert dict(connection.execute(select(events)).mappings().one()) == ROW


def test_several_rows_go_in_at_once(connection: Connection) -> None:
    assert ADD.run(connection, *(ROW | {"seq": number} for number in range(3))) == 3
    assert FIND.first(connection, {"number": 2}) == ROW | {"seq": 2}


def test_nothing_found_is_none(connection: Connection) -> None:
    assert FIND.first(connection, {"number": 0}) is None


def test_an_update_sets_what_is_given_and_gives_back_what_it_returns(connection: Connection) -> None:
    ADD.run(connection, ROW)
    assert RENAME.first(connection, {"kind": "call"}) == {"at": ROW["at"]}
    assert FIND.first(connection, {"number": 0}) == ROW | {"kind": "call"}


def test_errors_are_those_of_the_statements_that_core_runs(connection: Connection) -> None:
    ADD.run(connection, ROW)
    with pytest.raises(IntegrityError):
        ADD.run(connection, ROW)
    with pytest.raises(StatementError, match="has no zone"):
        ADD.run(connection, ROW | {"seq": 1, "at": datetime(2026, 1, 2)})  # noqa: DTZ001
