from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from stigmergy.client import AsyncClient, Client, Outcome
from stigmergy.domain import Status
from stigmergy.errors import InvalidQuery, RequestError, ServerUnreachable
from stigmergy.wire import TaskRequest, TaskResult

if TYPE_CHECKING:
    from tests.unit.conftest import Recorded, RecordingServer, Sent

TASKS = [TaskRequest(query=str(number)) for number in range(12)]


@pytest.fixture
def crowded(server: RecordingServer) -> RecordingServer:
    """Answers with the query, only once four tasks are in flight together; refuses task 5."""
    four = threading.Barrier(4)

    def answer(request: Recorded) -> Sent:
        four.wait(timeout=20)
        query = json.loads(request.body)["query"]
        if query == "5":
            return server.problem(InvalidQuery("five is right out"))
        return server.reply(TaskResult(id=query, status=Status.COMPLETED, graph="g", router="r", answer=query))

    server.does("POST", "/v1/tasks", answer)
    return server


def check(outcomes: list[Outcome], told: dict[int, Outcome], server: RecordingServer) -> None:
    answers = [outcome.answer if isinstance(outcome, TaskResult) else type(outcome) for outcome in outcomes]
    assert answers == [*"01234", InvalidQuery, *"6789", "10", "11"]
    assert told == dict(enumerate(outcomes))
    assert server.most_in_flight == 4
    assert {r.headers["idempotency-key"] for r in server.requests} == {f"batch-{number}" for number in range(12)}


def test_outcomes_keep_their_order_and_no_more_than_asked_are_in_flight(crowded: RecordingServer) -> None:
    told: dict[int, Outcome] = {}
    threads = set()

    def on_result(place: int, outcome: Outcome) -> None:
        told[place] = outcome
        threads.add(threading.current_thread())

    with Client(crowded.url) as client:
        outcomes = client.submit_many(
            TASKS, concurrency=4, on_result=on_result, key_of=lambda place, _: f"batch-{place}"
        )
    check(outcomes, told, crowded)
    assert threads == {threading.current_thread()}


async def test_the_async_client_keeps_order_and_bound_too(crowded: RecordingServer) -> None:
    told: dict[int, Outcome] = {}
    async with AsyncClient(crowded.url) as client:
        outcomes = await client.submit_many(
            TASKS, concurrency=4, on_result=told.__setitem__, key_of=lambda place, _: f"batch-{place}"
        )
    check(outcomes, told, crowded)


def test_tasks_are_read_only_as_room_becomes_free(server: RecordingServer) -> None:
    read: list[int] = []
    ahead: list[int] = []

    def tasks() -> Iterator[TaskRequest]:
        for number in range(8):
            read.append(number)
            yield TaskRequest(query=str(number))

    server.tells("POST", "/v1/tasks", TaskResult(id="t", status=Status.COMPLETED, graph="g", router="r"))
    with Client(server.url) as client:
        client.submit_many(tasks(), concurrency=2, on_result=lambda *_: ahead.append(len(read) - len(ahead)))
    assert len(ahead) == 8
    assert max(ahead) <= 2 + 1


def test_a_server_that_is_not_there_fails_every_task_and_loses_none(late_server: RecordingServer) -> None:
    with Client(late_server.url) as client:
        outcomes = client.submit_many(TASKS)
    assert [type(outcome) for outcome in outcomes] == [ServerUnreachable] * 12


def test_no_tasks_have_no_outcomes(late_server: RecordingServer) -> None:
    with Client(late_server.url) as client:
        assert client.submit_many([]) == []


async def test_a_concurrency_below_one_is_refused(late_server: RecordingServer) -> None:
    with Client(late_server.url) as client, pytest.raises(RequestError, match="concurrency = 0"):
        client.submit_many(TASKS, concurrency=0)
    async with AsyncClient(late_server.url) as async_client:
        with pytest.raises(RequestError, match="concurrency = -1"):
            await async_client.submit_many(TASKS, concurrency=-1)


async def test_what_on_result_raises_ends_the_run(server: RecordingServer) -> None:
    server.tells("POST", "/v1/tasks", TaskResult(id="t", status=Status.COMPLETED, graph="g", router="r"))

    def stop(place: int, outcome: Outcome) -> None:
        raise LookupError(place)

    with Client(server.url) as client, pytest.raises(LookupError):
        client.submit_many(TASKS, concurrency=2, on_result=stop)
    async with AsyncClient(server.url) as async_client:
        with pytest.raises(LookupError):
            await async_client.submit_many(TASKS, concurrency=2, on_result=stop)
    assert len(server.requests) <= 2 * 3
