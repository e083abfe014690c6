from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from stigmergy.client import AsyncClient
from stigmergy.domain import Status
from stigmergy.errors import ServerUnreachable, UnknownGraph, WaitTimedOut
from stigmergy.testing import FakeClock
from stigmergy.wire import EpisodeModel, EpisodePageModel, GraphModel, RouteModel, ServedModel, TaskResult

if TYPE_CHECKING:
    from tests.unit.conftest import Recorded, RecordingServer, Sent


def result(status: Status = Status.COMPLETED) -> TaskResult:
    return TaskResult(id="t1", status=status, graph="workbench", router="dijkstra", answer="397.8")


async def test_a_task_is_posted_and_its_result_told(server: RecordingServer) -> None:
    server.tells("POST", "/v1/tasks", result())
    async with AsyncClient(server.url, api_key="secret") as client:
        assert await client.submit("2+2?", graph="workbench", idempotency_key="k") == result()
    [request] = server.requests
    assert json.loads(request.body) == {"query": "2+2?", "graph": "workbench"}
    assert request.headers["authorization"] == "Bearer secret"


async def test_errors_of_the_server_are_raised_as_themselves(server: RecordingServer) -> None:
    server.raises("GET", "/v1/graphs/g", UnknownGraph("g", ("workbench",)), 404)
    async with AsyncClient(server.url) as client:
        with pytest.raises(UnknownGraph, match="known graphs: workbench"):
            await client.graph("g")


async def test_a_server_that_is_not_there_is_named(late_server: RecordingServer) -> None:
    async with AsyncClient(late_server.url) as client:
        assert not await client.ready()
        with pytest.raises(ServerUnreachable, match=late_server.url):
            await client.get_task("t1")


async def test_a_keyed_task_is_offered_again_until_the_server_takes_connections(late_server: RecordingServer) -> None:
    late_server.tells("POST", "/v1/tasks", result())
    starting = threading.Timer(0.15, late_server.start)
    starting.start()
    async with AsyncClient(late_server.url) as client:
        assert (await client.submit("q", idempotency_key="k")).answer == "397.8"
    starting.join()
    assert len(late_server.requests) == 1


async def test_waiting_polls_until_the_end_or_until_its_time_is_over(server: RecordingServer) -> None:
    clock = FakeClock()

    def wait_in_vain(request: Recorded) -> Sent:
        clock.advance(float(request.query["wait_s"]))
        return server.reply(result(Status.RUNNING))

    server.tells("GET", "/v1/tasks/t1", result(Status.RUNNING), result())
    async with AsyncClient(server.url, monotonic=clock.monotonic) as client:
        assert (await client.wait("t1")).status is Status.COMPLETED
        server.does("GET", "/v1/tasks/t1", wait_in_vain)
        with pytest.raises(WaitTimedOut):
            await client.wait("t1", timeout_s=25)
    assert [float(r.query["wait_s"]) for r in server.requests] == [20, 20, 20, 5]


async def test_episodes_come_page_by_page(server: RecordingServer, episodes: list[EpisodeModel]) -> None:
    server.tells(
        "GET",
        "/v1/episodes",
        EpisodePageModel(episodes=tuple(episodes[:2]), next_cursor="c"),
        EpisodePageModel(episodes=tuple(episodes[2:])),
    )
    async with AsyncClient(server.url) as client:
        assert [episode async for episode in client.episodes(router="dijkstra")] == episodes
    assert [r.query.get("cursor") for r in server.requests] == [None, "c"]


async def test_the_other_doors_are_the_same_as_of_the_sync_client(
    server: RecordingServer, episodes: list[EpisodeModel]
) -> None:
    served = ServedModel(graphs=("g",), routers=("dijkstra",), default_graph="g")
    planned = RouteModel(graph="g", router="dijkstra", mixture={}, hops=())
    graph = GraphModel(name="g", version="1", default_router="dijkstra", nodes=(), edges=())
    server.tells("GET", "/v1/graphs", served)
    server.tells("GET", "/v1/graphs/g", graph)
    server.tells("POST", "/v1/graphs/g/route", planned)
    server.tells("GET", "/v1/episodes/e1", episodes[0])
    server.tells("POST", "/v1/episodes/e1/feedback", episodes[0])
    server.sends("GET", "/readyz", 200, b"", {})
    async with AsyncClient(server.url) as client:
        assert await client.served() == served
        assert await client.graph("g") == graph
        assert await client.plan_route("q") == planned
        assert await client.episode("e1") == episodes[0]
        assert await client.feedback("e1", 1.0) == episodes[0]
        assert await client.ready()
