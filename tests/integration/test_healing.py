"""Failures of deployed agents, of a replica and of the coordinator: tasks go on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.ray


def submit(http: httpx.Client, query: str = "hello", **more: Any) -> Any:
    answer = http.post("/v1/tasks", json={"query": query, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("kind", ["error", "refused", "timeout", "invalid_reply", "overloaded"])
def test_a_failure_in_a_deployment_keeps_its_kind_and_the_task_is_rerouted(http: httpx.Client, kind: str) -> None:
    result = submit(http, graph=f"on_{kind}")
    assert {failure["kind"] for failure in result["failures"]} == {kind}
    assert (result["status"], result["answer"], result["reroutes"]) == ("completed", "from the spare", 1)


def test_a_deployed_agent_that_outlives_its_time_limit_timed_out(http: httpx.Client) -> None:
    result = submit(http, "sleep 1", graph="late")
    assert result["failures"][0]["kind"] == "timeout"
    assert result["answer"] == "from the spare"


def test_a_breaker_that_opens_in_one_gateway_is_known_to_the_other_within_a_second(
    http: httpx.Client, eventually: Callable[..., Any]
) -> None:
    first = submit(http, graph="breaking")
    assert [failure["kind"] for failure in first["failures"]] == ["unavailable"]

    def known_everywhere() -> bool:
        graphs = [httpx.get(f"{http.base_url}/v1/graphs/breaking").json() for _ in range(8)]
        return not any(node["available"] for graph in graphs for node in graph["nodes"] if node["name"] == "breaks")

    eventually(known_everywhere, within_s=1.5)
    for _ in range(6):
        assert submit(http, graph="breaking")["failures"] == []


def test_tasks_go_on_when_a_replica_is_killed_and_it_comes_back(
    served: Any, http: httpx.Client, eventually: Callable[..., Any]
) -> None:
    (replica,) = served.replicas("agent-works")
    with ThreadPoolExecutor(3) as pool:
        under_way = [pool.submit(submit, http, "sleep 0.5; echo worked", graph="busy") for _ in range(3)]
        eventually(lambda: [child for child in replica.children(recursive=True) if child.name() == "sleep"])
        os.kill(replica.pid, signal.SIGKILL)
        results = [job.result() for job in under_way]
    assert {result["status"] for result in results} == {"completed"}
    rerouted = [result for result in results if result["reroutes"]]
    assert rerouted
    assert {failure["kind"] for result in rerouted for failure in result["failures"]} == {"unavailable"}
    assert {result["answer"] for result in rerouted} == {"from the spare"}
    eventually(lambda: [p for p in served.replicas("agent-works") if p.pid != replica.pid], within_s=30)
    eventually(lambda: submit(http, "echo worked", graph="busy")["answer"] == "worked", within_s=30)


def trails(http: httpx.Client) -> dict[str, float]:
    edges = http.get("/v1/graphs/learns").json()["edges"]
    return {f"{edge['source']}>{edge['target']} {name}": tau for edge in edges for name, tau in edge["trails"].items()}


def same_everywhere(http: httpx.Client) -> dict[str, float]:
    """The trails, if so many questions on fresh connections (spread over the replicas) are answered alike."""
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda _: trails_afresh(http), range(8)))
    return seen[0] if all(each == pytest.approx(seen[0]) for each in seen) else {}


def trails_afresh(http: httpx.Client) -> dict[str, float]:
    with httpx.Client(base_url=http.base_url, timeout=30) as fresh:
        return trails(fresh)


def learn(http: httpx.Client, count: int) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: submit(http, graph="learns", reference="left"), range(count)))


def test_both_gateways_share_one_memory(http: httpx.Client, eventually: Callable[..., Any]) -> None:
    before = trails(http)
    learn(http, 24)
    assert eventually(lambda: same_everywhere(http) not in ({}, before), within_s=10)


def test_killing_the_coordinator_under_load_costs_no_request_and_it_comes_back_with_its_trails(
    served: Any, http: httpx.Client, eventually: Callable[..., Any]
) -> None:
    learn(http, 12)
    before = eventually(lambda: same_everywhere(http), within_s=10)
    (coordinator,) = served.replicas("coordinator")
    with ThreadPoolExecutor(4) as pool:
        under_way = [pool.submit(submit, http) for _ in range(40)]
        os.kill(coordinator.pid, signal.SIGKILL)
        under_way += [pool.submit(submit, http) for _ in range(160)]
        assert {job.result()["status"] for job in under_way} == {"completed"}
    eventually(lambda: "coordinator_unreachable" not in http.get("/metrics").text, within_s=30)
    assert [p.pid for p in served.replicas("coordinator")] != [coordinator.pid]
    after = eventually(lambda: same_everywhere(http), within_s=10)
    assert after == pytest.approx(before)
    learn(http, 12)
    eventually(lambda: same_everywhere(http) not in ({}, after), within_s=10)
