"""The clients and the command line against the served application."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from stigmergy import AsyncClient, Client, errors
from stigmergy.wire import TaskRequest

pytestmark = pytest.mark.ray

STIGMERGY = (sys.executable, "-c", "from stigmergy.cli.main import app; app()")


def cli(served: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*STIGMERGY, *arguments]
    environ = {**os.environ, "STIGMERGY_URL": served.url}
    return subprocess.run(command, check=False, env=environ, capture_output=True, text=True, timeout=60)


def told(served: Any, *arguments: str) -> Any:
    ran = cli(served, *arguments, "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_client_submits_waits_judges_and_looks_up(served: Any) -> None:
    with Client(served.url) as client:
        assert client.ready()
        result = client.submit("hello")
        assert (result.status, result.route) == ("completed", ("first", "deployed"))
        pending = client.submit("hello", wait=False)
        assert client.wait(pending.id, timeout_s=20).answer == "from a deployment"
        assert result.episode_id is not None
        assert client.feedback(result.episode_id, 0.5).quality == 0.5
        assert client.episode(result.episode_id).events
        assert result.episode_id in {episode.id for episode in client.episodes(graph="main", page_size=7)}
        assert client.plan_route("hello").hops[0].node == "first"


def test_a_client_raises_the_very_error_that_the_server_did(served: Any) -> None:
    with Client(served.url) as client:
        with pytest.raises(errors.BudgetTooSmall) as refused:
            client.submit("hello", budget={"max_usd": "0.0001"})
        assert refused.value.least.startswith("0.0011")
        with pytest.raises(errors.UnknownRouter):
            client.submit("hello", router="nobody")
        with pytest.raises(errors.TaskNotFound):
            client.wait("task_none", timeout_s=1)


async def test_an_async_client_runs_many_at_once_in_order(served: Any) -> None:
    async with AsyncClient(served.url) as client:
        tasks = [TaskRequest(query="hello"), TaskRequest(query="x", graph="none"), TaskRequest(query="hello")]
        outcomes = await client.submit_many(tasks * 10, concurrency=8)
    assert [type(outcome).__name__ for outcome in outcomes] == ["TaskResult", "UnknownGraph", "TaskResult"] * 10


def test_the_command_line_submits_and_shows_what_came_of_it(served: Any) -> None:
    result = told(served, "submit", "hello")
    assert result["answer"] == "from a deployment"
    shown = told(served, "episodes", "show", result["episode_id"])
    assert shown["id"] == result["episode_id"]
    assert told(served, "episodes", "list")
    assert told(served, "graph", "show", "main")["name"] == "main"
    assert told(served, "graph", "route", "hello")["hops"][0]["node"] == "first"
    assert cli(served, "config", "check", str(served.config)).returncode == 0


def test_the_command_line_says_what_is_wrong_in_one_line(served: Any) -> None:
    refused = cli(served, "submit", "hello", "--max-usd", "0.0001")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "least that would do" in refused.stderr
