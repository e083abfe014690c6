from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from stigmergy.client import Client
from stigmergy.domain import Status
from stigmergy.errors import (
    EpisodeNotFound,
    InvalidBudget,
    InvalidQuery,
    RequestError,
    ServerUnreachable,
    TaskEnded,
    TaskNotFound,
    UnexpectedReply,
    WaitTimedOut,
)
from stigmergy.testing import FakeClock
from stigmergy.wire import (
    BatchOutcome,
    BatchResult,
    BatchTask,
    EpisodeModel,
    EpisodePageModel,
    GraphModel,
    Problem,
    RouteModel,
    ServedModel,
    TaskPageModel,
    TaskResult,
)

if TYPE_CHECKING:
    from tests.unit.conftest import Recorded, RecordingServer, Sent


def result(status: Status = Status.COMPLETED, task_id: str = "t1") -> TaskResult:
    return TaskResult(id=task_id, status=status, graph="workbench", router="dijkstra", answer="397.8")


def test_a_task_is_posted_with_what_was_given_and_nothing_else(server: RecordingServer) -> None:
    server.tells("POST", "/v1/tasks", result())
    with Client(server.url) as client:
        told = client.submit("2+2?", router="dijkstra", budget={"max_usd": "0.10"}, labels={"team": "a"})
    assert told == result()
    [request] = server.requests
    assert json.loads(request.body) == {
        "query": "2+2?",
        "router": "dijkstra",
        "budget": {"max_usd": "0.10"},
        "labels": {"team": "a"},
    }
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("stigmergy/")
    assert "idempotency-key" not in request.headers
    assert "authorization" not in request.headers


def test_a_conversation_a_key_and_no_waiting_go_along(server: RecordingServer) -> None:
    server.tells("POST", "/v1/tasks", result(Status.PENDING), status=202)
    with Client(server.url, api_key="secret") as client:
        told = client.submit(messages=[{"role": "user", "content": "hi"}], wait=False, idempotency_key="k-1")
    assert told.status is Status.PENDING
    [request] = server.requests
    assert json.loads(request.body) == {"messages": [{"role": "user", "content": "hi"}], "wait": False}
    assert request.headers["idempotency-key"] == "k-1"
    assert request.headers["authorization"] == "Bearer secret"


def test_address_and_key_come_from_the_environment_unless_given(server: RecordingServer) -> None:
    server.tells("POST", "/v1/tasks", result())
    environ = {"STIGMERGY_URL": f"{server.url}/", "STIGMERGY_API_KEY": "from-environ"}
    with Client(environ=environ) as client:
        client.submit("q")
    with Client(server.url, api_key="given", environ={"STIGMERGY_URL": "http://127.0.0.1:1"}) as client:
        client.submit("q")
    assert [r.headers["authorization"] for r in server.requests] == ["Bearer from-environ", "Bearer given"]


def test_proxies_of_the_environment_are_not_used_for_this_machine(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.tells("POST", "/v1/tasks", result())
    with Client(server.url) as client:
        assert client.submit("q").answer == "397.8"


@pytest.mark.parametrize("url", ["http://[::", "nonsense", "ftp://example.org"])
def test_an_address_that_is_none_is_unreachable(url: str) -> None:
    with pytest.raises(ServerUnreachable) as caught, Client(url) as client:
        client.submit("q")
    assert caught.value.url == url


def test_a_wrong_task_is_refused_before_it_is_sent(server: RecordingServer) -> None:
    with Client(server.url) as client:
        with pytest.raises(InvalidBudget, match="max_usd = much"):
            client.submit("q", budget={"max_usd": "much"})
        with pytest.raises(InvalidBudget, match="deadline_s = -1"):
            client.submit("q", budget={"deadline_s": -1})
        with pytest.raises(InvalidQuery, match=r"messages\.0\.content"):
            client.submit(messages=[{"role": "user"}])
        with pytest.raises(InvalidQuery, match="surrogates"):
            client.submit("\udcff")
        with pytest.raises(RequestError, match=r"quality = 1\.5"):
            client.feedback("e1", 1.5)
        with pytest.raises(RequestError, match="idempotency key"):
            client.submit("q", idempotency_key="two\nlines")
    assert server.requests == []


def test_a_server_that_is_not_there_is_named(late_server: RecordingServer) -> None:
    with Client(late_server.url) as client:
        assert not client.ready()
        with pytest.raises(ServerUnreachable) as caught:
            client.submit("q")
    assert caught.value.url == late_server.url
    assert "refused" in caught.value.reason


def test_a_keyed_task_is_offered_again_until_the_server_takes_connections(late_server: RecordingServer) -> None:
    late_server.tells("POST", "/v1/tasks", result())
    starting = threading.Timer(0.15, late_server.start)
    starting.start()
    with Client(late_server.url) as client:
        assert client.submit("q", idempotency_key="k").answer == "397.8"
    starting.join()
    assert len(late_server.requests) == 1


def test_a_task_that_was_sent_is_never_sent_again(server: RecordingServer) -> None:
    server.does("POST", "/v1/tasks", lambda _: None)
    with Client(server.url) as client, pytest.raises(ServerUnreachable):
        client.submit("q", idempotency_key="k")
    assert len(server.requests) == 1


def test_a_silent_server_is_given_up(server: RecordingServer) -> None:
    given_up = threading.Event()

    def hang(_: Recorded) -> Sent | None:
        given_up.wait(10)
        return None

    server.does("GET", "/v1/tasks/t1", hang)
    with Client(server.url, timeout_s=0.05) as client, pytest.raises(ServerUnreachable, match="timed out"):
        client.get_task("t1")
    given_up.set()


@pytest.mark.parametrize("body", [b"{malformed", b"[]", b'{"id": "t1"}', b"", b"\xff"])
def test_a_success_that_is_no_task_is_an_unexpected_reply(server: RecordingServer, body: bytes) -> None:
    server.sends("POST", "/v1/tasks", 200, body, {"content-type": "application/json"})
    with Client(server.url) as client, pytest.raises(UnexpectedReply) as caught:
        client.submit("q")
    assert caught.value.args == (200, body.decode(errors="replace"))


def test_waiting_polls_until_the_task_has_ended(server: RecordingServer) -> None:
    server.tells("GET", "/v1/tasks/t1", result(Status.PENDING), result(Status.RUNNING), result())
    with Client(server.url) as client:
        assert client.wait("t1", timeout_s=60).status is Status.COMPLETED
    assert server.requests[0].query == {"wait_s": "20"}
    assert len(server.requests) == 3


def test_waiting_ends_when_its_time_is_over_and_says_so(server: RecordingServer) -> None:
    clock = FakeClock()

    def wait_in_vain(request: Recorded) -> Sent:
        clock.advance(float(request.query["wait_s"]))
        return server.reply(result(Status.RUNNING))

    server.does("GET", "/v1/tasks/t1", wait_in_vain)
    with Client(server.url, monotonic=clock.monotonic) as client, pytest.raises(WaitTimedOut) as caught:
        client.wait("t1", timeout_s=45)
    assert caught.value.args == ("t1", 45)
    assert [float(r.query["wait_s"]) for r in server.requests] == [20, 20, 5]


def test_the_server_may_hold_a_long_poll_back_for_longer_than_the_timeout(server: RecordingServer) -> None:
    never = threading.Event()

    def hold(request: Recorded) -> Sent:
        never.wait(float(request.query["wait_s"]))
        return server.reply(result())

    server.does("GET", "/v1/tasks/t1", hold)
    with Client(server.url, timeout_s=0.2) as client:
        assert client.wait("t1", timeout_s=0.3).answer == "397.8"


def test_no_time_to_wait_still_asks_once(server: RecordingServer) -> None:
    server.tells("GET", "/v1/tasks/t1", result())
    with Client(server.url) as client:
        assert client.wait("t1", timeout_s=0) == result()


def test_ids_cannot_lead_to_another_door(server: RecordingServer) -> None:
    with Client(server.url) as client, pytest.raises(UnexpectedReply):
        client.get_task("../graphs?x=1")
    assert server.requests[0].path == "/v1/tasks/..%2Fgraphs%3Fx%3D1"


def test_episodes_come_page_by_page_as_they_are_used(server: RecordingServer, episodes: list[EpisodeModel]) -> None:
    def page(request: Recorded) -> Sent:
        begin = int(request.query.get("cursor", 0))
        following = str(begin + 2) if begin + 2 < len(episodes) else None
        return server.reply(EpisodePageModel(episodes=tuple(episodes[begin : begin + 2]), next_cursor=following))

    server.does("GET", "/v1/episodes", page)
    with Client(server.url) as client:
        found = client.episodes(graph="workbench", status=Status.COMPLETED, page_size=2)
        assert [next(found), next(found)] == episodes[:2]
        assert len(server.requests) == 1
        assert list(found) == episodes[2:]
    assert server.requests[0].query == {"graph": "workbench", "status": "completed", "limit": "2"}
    assert server.requests[1].query["cursor"] == "2"


def test_an_episode_is_judged(server: RecordingServer, episodes: list[EpisodeModel]) -> None:
    judged = episodes[0].model_copy(update={"quality": 0.5})
    server.tells("POST", "/v1/episodes/episode-0/feedback", judged)
    server.raises("POST", "/v1/episodes/none/feedback", EpisodeNotFound("none"), 404)
    server.tells("GET", "/v1/episodes/episode-0", judged)
    with Client(server.url) as client:
        assert client.feedback("episode-0", 0.5, comment="half right") == judged
        assert client.episode("episode-0").quality == 0.5
        with pytest.raises(EpisodeNotFound):
            client.feedback("none", 1)
    assert json.loads(server.requests[0].body) == {"quality": 0.5, "comment": "half right"}


def test_tasks_come_page_by_page_narrowed_by_times_with_a_zone(server: RecordingServer) -> None:
    def page(request: Recorded) -> Sent:
        return server.reply(
            TaskPageModel(tasks=(result(task_id="t2"),))
            if "cursor" in request.query
            else TaskPageModel(tasks=(result(task_id="t1"),), next_cursor="next")
        )

    server.does("GET", "/v1/tasks", page)
    since = datetime(2026, 1, 1, tzinfo=UTC)
    with Client(server.url) as client:
        assert [task.id for task in client.tasks(status=Status.COMPLETED, since=since, page_size=1)] == ["t1", "t2"]
        with pytest.raises(InvalidQuery, match="no time zone"):
            next(client.tasks(before=datetime(2026, 1, 1)))  # noqa: DTZ001 -- this is the mistake
    assert server.requests[0].query == {"status": "completed", "since": "2026-01-01T00:00:00+00:00", "limit": "1"}


def test_a_task_is_cancelled_or_it_is_said_why_not(server: RecordingServer) -> None:
    server.tells("POST", "/v1/tasks/t1/cancel", result(Status.CANCELLED))
    server.raises("POST", "/v1/tasks/t2/cancel", TaskEnded("t2", "completed"), 409)
    with Client(server.url) as client:
        assert client.cancel("t1").status is Status.CANCELLED
        with pytest.raises(TaskEnded, match="t2 has ended as completed"):
            client.cancel("t2")


def test_events_are_read_whatever_separators_their_texts_contain(server: RecordingServer) -> None:
    event = 'id: 4\nevent: call_succeeded\ndata: {"text":"a\u2028b\x85c"}\n\n'
    stream = f': still here\n\n{event}event: end\ndata: {{"id":"t1"}}\n\n'
    server.sends("GET", "/v1/tasks/t1/events", 200, stream.encode(), {"content-type": "text/event-stream"})
    with Client(server.url) as client:
        told = list(client.events("t1", after=3))
    assert [(event.seq, event.kind) for event in told] == [(4, "call_succeeded"), (None, "end")]
    assert (told[0].data["text"], told[1].data["id"]) == ("a\u2028b\x85c", "t1")
    assert server.requests[0].headers["last-event-id"] == "3"


def test_events_that_break_off_say_where_to_go_on(server: RecordingServer) -> None:
    whole = b"id: 4\nevent: finished\ndata: {}\n\n"
    server.sends("GET", "/v1/tasks/t1/events", 200, whole + b"event: end\nda", {})
    server.sends("GET", "/v1/tasks/t2/events", 200, b"id: four\nevent: x\ndata: {}\n\n", {})
    server.raises("GET", "/v1/tasks/t3/events", TaskNotFound("t3"), 404)
    with Client(server.url) as client:
        events = client.events("t1")
        assert next(events).seq == 4
        with pytest.raises(ServerUnreachable, match="after=4"):
            next(events)
        with pytest.raises(UnexpectedReply):
            next(client.events("t2"))
        with pytest.raises(TaskNotFound):
            next(client.events("t3"))


def test_a_batch_gives_every_task_its_outcome(server: RecordingServer) -> None:
    known = Problem(type="", title="", status=404, detail="", code="task_not_found", facts=("t9",))
    newer = known.model_copy(update={"code": "not_invented_yet"})
    outcomes = (BatchOutcome(task=result()), BatchOutcome(problem=known), BatchOutcome(problem=newer), BatchOutcome())
    server.tells("POST", "/v1/tasks/batch", BatchResult(outcomes=outcomes))
    with Client(server.url) as client:
        first, *errors = client.submit_batch([BatchTask(query="q", idempotency_key="k")])
    assert first == result()
    assert [type(error) for error in errors] == [TaskNotFound, UnexpectedReply, UnexpectedReply]
    assert json.loads(server.requests[0].body) == {"tasks": [{"query": "q", "idempotency_key": "k"}]}


def test_a_route_is_planned_through_the_default_graph_unless_one_is_named(server: RecordingServer) -> None:
    served = ServedModel(graphs=("workbench",), routers=("dijkstra",), default_graph="workbench")
    planned = RouteModel(graph="workbench", router="dijkstra", mixture={}, hops=())
    server.tells("GET", "/v1/graphs", served)
    server.tells("POST", "/v1/graphs/workbench/route", planned)
    with Client(server.url) as client:
        assert client.plan_route("q", budget={"max_usd": Decimal("0.5")}) == planned
        assert client.plan_route("q", graph="workbench") == planned
    assert [r.path for r in server.requests] == [
        "/v1/graphs",
        "/v1/graphs/workbench/route",
        "/v1/graphs/workbench/route",
    ]


def test_a_graph_and_readiness_are_told(server: RecordingServer) -> None:
    graph = GraphModel(name="g", version="1", default_router="dijkstra", nodes=(), edges=())
    server.tells("GET", "/v1/graphs/g", graph)
    server.sends("GET", "/readyz", 200, b"ready", {})
    with Client(server.url) as client:
        assert client.graph("g") == graph
        assert client.ready()
        server.sends("GET", "/readyz", 503, b"starting", {"retry-after": "1"})
        assert not client.ready()
