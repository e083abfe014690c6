"""The API end to end: HAProxy, two gateway replicas, agents inline and deployed, SQLite."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from stigmergy.wire import PROBLEM_TYPE

pytestmark = pytest.mark.ray

WRONG = [
    (b"{not json", 400, "malformed_request"),
    (b'{"question": "x"}', 400, "malformed_request"),
    (b'{"query": "x", "budget": {"max_usd": NaN}}', 400, "malformed_request"),
    (b'{"query": ""}', 422, "invalid_query"),
    (b'{"query": " \\n "}', 422, "invalid_query"),
    (b'{"query": "a\\u0000b"}', 422, "invalid_query"),
    (b'{"query": "' + b"x" * 1_000_001 + b'"}', 422, "invalid_query"),
    (b'{"query": "' + b"x" * 5_000_000 + b'"}', 422, "invalid_query"),
    (b'{"query": "x", "graph": "nowhere"}', 404, "unknown_graph"),
    (b'{"query": "x", "router": "nobody"}', 404, "unknown_router"),
    (b'{"query": "x", "budget": {"max_usd": "-1"}}', 422, "invalid_budget"),
    (b'{"query": "x", "budget": {"max_usd": "0.0005"}}', 422, "budget_too_small"),
    (b'{"query": "x", "budget": {"deadline_s": 1e300}}', 422, "invalid_budget"),
]


def submit(http: httpx.Client, query: str = "hello", **more: Any) -> Any:
    answer = http.post("/v1/tasks", json={"query": query, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def stored(http: httpx.Client) -> list[str]:
    return [episode["id"] for episode in http.get("/v1/episodes", params={"limit": 1000}).json()["episodes"]]


def test_a_task_that_is_waited_for_comes_back_with_answer_route_and_cost(http: httpx.Client) -> None:
    result = submit(http)
    assert (result["status"], result["answer"], result["route"]) == (
        "completed",
        "from a deployment",
        ["first", "deployed"],
    )
    assert float(result["usage"]["usd"]) == pytest.approx(0.0011)


def test_a_task_that_is_not_waited_for_is_accepted_and_a_long_poll_brings_its_end(http: httpx.Client) -> None:
    accepted = http.post("/v1/tasks", json={"query": "sleep 0.5; echo done", "graph": "lasting", "wait": False})
    assert accepted.status_code == 202
    ended = http.get(f"/v1/tasks/{accepted.json()['id']}", params={"wait_s": 20}).json()
    assert ended["status"] == "completed"
    assert ended["episode_id"]


def test_one_key_is_one_task_even_while_it_runs_in_another_replica(http: httpx.Client) -> None:
    body = {"query": "sleep 1; echo done", "graph": "lasting"}

    def send(_: int) -> httpx.Response:
        return http.post("/v1/tasks", json=body, headers={"idempotency-key": "one"})

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_a_key_with_another_body_is_a_conflict(http: httpx.Client) -> None:
    headers = {"idempotency-key": "two"}
    assert http.post("/v1/tasks", json={"query": "a"}, headers=headers).status_code == 200
    refused = http.post("/v1/tasks", json={"query": "b"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_conflict")


@pytest.mark.parametrize(("body", "status", "code"), WRONG)
def test_wrong_input_is_a_problem_document_and_leaves_no_episode(
    http: httpx.Client, body: bytes, status: int, code: str
) -> None:
    before = stored(http)
    for path in ("/v1/tasks", *([] if code == "unknown_graph" else ["/v1/graphs/main/route"])):
        refused = http.post(path, content=body)
        assert (refused.status_code, refused.headers["content-type"]) == (status, PROBLEM_TYPE), refused.text
        assert (refused.json()["code"], refused.json()["status"]) == (code, status)
    assert stored(http) == before


def test_too_small_a_budget_names_the_least_that_would_do(http: httpx.Client) -> None:
    refused = http.post("/v1/tasks", json={"query": "x", "budget": {"max_usd": "0.0005"}}).json()
    assert "0.0011" in refused["detail"]
    assert submit(http, budget={"max_usd": refused["facts"][2]})["status"] == "completed"


@pytest.mark.parametrize("budget", [{"max_usd": "1e400"}, {"max_tokens": 10**30}, {"max_calls": 10**30}])
def test_a_limit_beyond_all_bounds_is_no_defect(http: httpx.Client, budget: dict[str, Any]) -> None:
    assert http.post("/v1/tasks", json={"query": "x", "budget": budget}).status_code in (200, 400, 422)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/v1/tasks", 405, "method_not_allowed"),
        ("GET", "/v1/tasks/task_none", 404, "task_not_found"),
        ("GET", "/v1/episodes/ep_none", 404, "episode_not_found"),
        ("GET", "/v1/graphs/none", 404, "unknown_graph"),
        ("GET", "/v1/episodes?limit=0", 400, "malformed_request"),
        ("GET", "/v1/episodes?status=odd", 400, "malformed_request"),
        ("GET", "/v1/episodes?cursor=odd", 422, "invalid_query"),
        ("GET", "/v1/tasks/x?wait_s=-1", 400, "malformed_request"),
    ],
)
def test_every_refusal_is_a_problem_document(
    http: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    refused = http.request(method, path)
    assert (refused.status_code, refused.headers["content-type"]) == (status, PROBLEM_TYPE), refused.text
    assert refused.json()["code"] == code
    assert status != 405 or "POST" in refused.headers["allow"]


def test_an_episode_and_its_events_are_there_as_soon_as_its_task_has_ended(http: httpx.Client) -> None:
    for _ in range(20):
        episode = http.get(f"/v1/episodes/{submit(http)['episode_id']}")
        assert episode.status_code == 200
        assert [event["kind"] for event in episode.json()["events"]][-1].lower().startswith("finished")


def test_feedback_becomes_the_quality_of_an_episode_even_when_many_come_at_once(http: httpx.Client) -> None:
    path = f"/v1/episodes/{submit(http)['episode_id']}/feedback"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: http.post(path, json={"quality": 0.25}), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert {answer.json()["quality"] for answer in answers} == {0.25}
    assert http.post(path, json={"quality": 2}).status_code == 400


def test_a_route_is_planned_without_a_call_and_an_explained_task_shows_the_same_hops(http: httpx.Client) -> None:
    before = stored(http)
    planned = http.post("/v1/graphs/main/route", json={"query": "hello"}).json()
    assert [hop["node"] for hop in planned["hops"]][:2] == ["first", "deployed"]
    assert stored(http) == before
    hops = submit(http, explain=True)["hops"]
    assert [hop["node"] for hop in hops] == [hop["node"] for hop in planned["hops"]]
    assert [option["node"] for option in hops[1]["options"]] == ["deployed", "spare"]
    assert submit(http)["hops"] == []


def test_a_graph_shows_its_agents_and_edges(http: httpx.Client) -> None:
    assert http.get("/v1/graphs").json()["default_graph"] == "main"
    graph = http.get("/v1/graphs/main").json()
    assert {node["name"] for node in graph["nodes"]} >= {"first", "deployed", "spare"}
    assert {"START", "first"} in [{edge["source"], edge["target"]} for edge in graph["edges"]]


def test_it_says_that_it_lives_and_is_ready_and_what_it_has_counted(
    http: httpx.Client, eventually: Callable[..., Any]
) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json()["status"] == "ready"
    submit(http)
    assert eventually(lambda: 'stigmergy_tasks_ended_total{status="completed"}' in http.get("/metrics").text)
