from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from stigmergy.platform.store.engines import read_url, writing_engine
from stigmergy.platform.store.writer import Done, Failed, Operation, Writer, WriterClosed, commit_group


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = writing_engine(read_url(f"sqlite:///{tmp_path}/x.db"), "process_crash")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY, filling BLOB)"))
    yield engine
    engine.dispose()


def add(number: int, filling: int = 0) -> Operation[int]:
    def run(connection: Connection) -> int:
        connection.execute(text("INSERT INTO t VALUES (:n, zeroblob(:filling))"), {"n": number, "filling": filling})
        return number

    return run


def add_and_fail(number: int) -> Operation[int]:
    def run(connection: Connection) -> int:
        add(number)(connection)
        raise LookupError(number)

    return run


def stored(engine: Engine) -> list[int]:
    with engine.begin() as connection:
        return list(connection.execute(text("SELECT n FROM t ORDER BY n")).scalars())


def test_a_group_is_committed_with_its_values_in_order(engine: Engine) -> None:
    assert commit_group(engine, [add(2), add(1)]) == [Done(2), Done(1)]
    assert stored(engine) == [1, 2]


def test_an_operation_that_fails_leaves_nothing_and_its_neighbours_are_committed(engine: Engine) -> None:
    ends = commit_group(engine, [add(1), add_and_fail(2), add(1), add(3)])
    assert ends[0] == Done(1)
    assert ends[3] == Done(3)
    assert isinstance(ends[1], Failed)
    assert isinstance(ends[1].error, LookupError)
    assert isinstance(ends[2], Failed)
    assert isinstance(ends[2].error, IntegrityError)
    assert stored(engine) == [1, 3]


def test_a_lonely_operation_that_fails_leaves_nothing(engine: Engine) -> None:
    assert isinstance(commit_group(engine, [add_and_fail(2)])[0], Failed)
    assert stored(engine) == []


@pytest.mark.parametrize("with_a_failing_neighbour", [False, True])
def test_on_a_full_disk_nothing_is_called_committed_that_is_not(engine: Engine, with_a_failing_neighbour: bool) -> None:
    with engine.begin() as connection:
        connection.execute(text("PRAGMA max_page_count = 20"))
    neighbour = [add_and_fail(9)] if with_a_failing_neighbour else []
    ends = commit_group(engine, [*neighbour, add(1), add(2, filling=1_000_000), add(3)])
    assert all(isinstance(end, Failed) and isinstance(end.error, OperationalError) for end in ends)
    assert stored(engine) == []


async def test_what_waits_together_is_committed_in_the_order_it_came(engine: Engine) -> None:
    writer = Writer(engine)
    assert await asyncio.gather(*(writer.submit(add(number)) for number in range(2000))) == list(range(2000))
    writer.close()
    assert stored(engine) == list(range(2000))


async def test_a_cancelled_caller_does_not_disturb_the_others(engine: Engine) -> None:
    writer = Writer(engine)
    futures = [writer.submit(add(number)) for number in range(3)]
    futures[1].cancel()
    assert await futures[0] == 0
    assert await futures[2] == 2
    writer.close()
    assert stored(engine) == [0, 1, 2]


async def test_a_closed_writer_has_committed_what_waited_and_takes_nothing_more(engine: Engine) -> None:
    writer = Writer(engine)
    futures = [writer.submit(add(number)) for number in range(100)]
    writer.close()
    writer.close()
    assert stored(engine) == list(range(100))
    assert await asyncio.gather(*futures) == list(range(100))
    with pytest.raises(WriterClosed):
        writer.submit(add(1))


def test_several_event_loops_share_one_writer(engine: Engine) -> None:
    writer = Writer(engine)
    answers: dict[int, list[int]] = {}

    async def in_loop(start: int) -> None:
        answers[start] = list(await asyncio.gather(*(writer.submit(add(start + number)) for number in range(50))))

    threads = [threading.Thread(target=lambda start=start: asyncio.run(in_loop(start))) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert answers == {start: list(range(start, start + 50)) for start in (0, 100, 200)}


def test_a_loop_that_is_gone_does_not_stop_the_writer(engine: Engine) -> None:
    writer = Writer(engine)
    held, entered = threading.Event(), threading.Event()

    def wait(connection: Connection) -> None:
        entered.set()
        held.wait()

    async def leave() -> None:
        writer.submit(wait)
        entered.wait()

    asyncio.run(leave())
    held.set()

    async def come() -> int:
        return await writer.submit(add(5))

    assert asyncio.run(come()) == 5
    writer.close()
