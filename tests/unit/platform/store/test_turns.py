from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from stigmergy.platform.records import Durability
from stigmergy.platform.store.engines import prompt_engine, read_url, writing_engine
from stigmergy.platform.store.turns import LARGEST_TURN, TurnWriter
from stigmergy.platform.store.writer import Operation, Writer


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = writing_engine(read_url(f"sqlite:///{tmp_path}/x.db"), "process_crash")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (place INTEGER PRIMARY KEY, n INTEGER, thread TEXT)"))
    yield engine
    engine.dispose()


@pytest.fixture
def turns(engine: Engine) -> Iterator[TurnWriter]:
    prompt, thread = prompt_engine(engine.url, "process_crash"), Writer(engine)
    assert prompt is not None
    turns = TurnWriter(prompt, thread)
    yield turns
    thread.close()
    turns.close()
    prompt.dispose()


def add(number: int) -> Operation[str]:
    def run(connection: Connection) -> str:
        name = threading.current_thread().name
        connection.execute(text("INSERT INTO t (n, thread) VALUES (:n, :thread)"), {"n": number, "thread": name})
        return name

    return run


def fail(_: Connection) -> None:
    raise LookupError


def stored(engine: Engine) -> list[int]:
    with engine.begin() as connection:
        return list(connection.execute(text("SELECT n FROM t ORDER BY place")).scalars())


async def test_a_turn_of_the_loop_is_committed_on_its_own_thread(engine: Engine, turns: TurnWriter) -> None:
    here = threading.current_thread().name
    assert await asyncio.gather(*(turns.submit(add(number)) for number in range(3))) == [here] * 3
    assert stored(engine) == [0, 1, 2]


async def test_an_operation_that_fails_fails_alone(engine: Engine, turns: TurnWriter) -> None:
    before, failing, after = turns.submit(add(1)), turns.submit(fail), turns.submit(add(2))
    await asyncio.gather(before, after)
    with pytest.raises(LookupError):
        await failing
    assert stored(engine) == [1, 2]


async def test_a_cancelled_caller_does_not_disturb_the_others(engine: Engine, turns: TurnWriter) -> None:
    first, second = turns.submit(add(1)), turns.submit(add(2))
    first.cancel()
    await second
    assert stored(engine) == [1, 2]


async def test_a_large_turn_goes_to_the_thread_and_what_follows_keeps_the_order(
    engine: Engine, turns: TurnWriter
) -> None:
    many = [turns.submit(add(number)) for number in range(LARGEST_TURN + 1)]
    await asyncio.sleep(0)
    last = turns.submit(add(LARGEST_TURN + 1))
    assert set(await asyncio.gather(*many)) == {"stigmergy-store-writer"}
    await last
    assert stored(engine) == list(range(LARGEST_TURN + 2))


async def test_the_loop_does_not_wait_for_a_lock_and_what_waits_is_committed_after_it(
    engine: Engine, turns: TurnWriter
) -> None:
    await turns.submit(add(1))
    other = writing_engine(engine.url, "process_crash")
    with other.begin():
        waiting = turns.submit(add(2))
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
    other.dispose()
    assert await waiting == "stigmergy-store-writer"
    await turns.submit(add(3))
    assert stored(engine) == [1, 2, 3]


def test_loops_that_follow_each_other_and_loops_beside_it_are_served(engine: Engine, turns: TurnWriter) -> None:
    async def one(number: int) -> str:
        return await turns.submit(add(number))

    async def with_another_loop() -> str:
        await one(2)
        return await asyncio.to_thread(lambda: asyncio.run(one(3)))

    asyncio.run(one(1))
    assert asyncio.run(with_another_loop()) == "stigmergy-store-writer"
    assert stored(engine) == [1, 2, 3]


@pytest.mark.parametrize(
    ("url", "durability"), [("sqlite:///x.db", "power_loss"), ("postgresql://u@h/d", "process_crash")]
)
def test_where_a_commit_waits_for_a_disk_or_a_network_there_is_no_prompt_engine(
    url: str, durability: Durability
) -> None:
    assert prompt_engine(read_url(url), durability) is None
