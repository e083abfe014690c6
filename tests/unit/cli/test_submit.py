from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stigmergy.domain import Status
from stigmergy.errors import BudgetTooSmall
from stigmergy.wire import TaskResult

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run
    from tests.unit.conftest import RecordingServer


def test_answer_route_cost_and_why_are_printed(run: Run, server: RecordingServer, result: TaskResult) -> None:
    server.tells("POST", "/v1/tasks", result)
    done = run("submit", "What is 17% of 2,340?")
    assert done.exit_code == 0
    for told in (
        "[bold]397.8[/bold]",
        "dear → check",
        "$0.012 ($0.01 for committed steps)",
        "12.3 ms",
        "verify: timeout, no reply in 2 s",
        "polish",
        "episode-1",
    ):
        assert told in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(("cached", "told"), [(0, "2, 12 in + 3 out"), (8, "2, 12 in (8 cached) + 3 out")])
def test_tokens_are_printed_with_how_many_were_cached(
    run: Run, server: RecordingServer, result: TaskResult, cached: int, told: str
) -> None:
    usage = result.usage.model_copy(update={"cached_tokens": cached})
    server.tells("POST", "/v1/tasks", result.model_copy(update={"usage": usage}))
    assert told in run("submit", "q").stdout


def test_why_shows_what_was_chosen_and_what_would_have_been_second(
    run: Run, server: RecordingServer, result: TaskResult
) -> None:
    server.tells("POST", "/v1/tasks", result)
    lines = run("submit", "q").stdout.splitlines()
    [chosen] = [line.split() for line in lines if line.startswith("START")]
    [second] = [line.split() for line in lines if line.strip().startswith("2.")]
    assert chosen == ["START", "→", "dear", "router", "0.9", "0.75", "heuristic", "0.4,", "trail", "2.5"]
    assert second == ["2.", "cheap", "0.3", "0.25", "trail", "0.5"]
    [healed] = [line.split() for line in lines if "healing" in line]
    assert healed == ["dear", "→", "check", "healing", "-", "1.00"]


def test_an_answer_cannot_steer_the_terminal(run: Run, server: RecordingServer, result: TaskResult) -> None:
    server.tells("POST", "/v1/tasks", result)
    assert "\x1b" not in run("submit", "q").stdout


def test_json_is_the_result_and_nothing_else(run: Run, server: RecordingServer, result: TaskResult) -> None:
    server.tells("POST", "/v1/tasks", result)
    done = run("submit", "q", "--json")
    assert TaskResult.model_validate_json(done.stdout) == result
    assert done.stderr == ""


def test_options_reach_the_server(run: Run, server: RecordingServer, result: TaskResult) -> None:
    pending = TaskResult(id="task-1", status=Status.PENDING, graph="g", router="r")
    server.tells("POST", "/v1/tasks", pending, status=202)
    options = (
        "--graph",
        "g",
        "--router",
        "r",
        "--max-usd",
        "0.05",
        "--task-type",
        "math",
        "--priority",
        "3",
        "--no-wait",
    )
    done = run("submit", "q", *options)
    assert done.exit_code == 0
    assert "pending" in done.stdout
    assert json.loads(server.requests[0].body) == {
        "query": "q",
        "graph": "g",
        "router": "r",
        "budget": {"max_usd": "0.05"},
        "task_type": "math",
        "priority": 3,
        "wait": False,
    }


def test_a_dash_reads_the_query_from_standard_input(run: Run, server: RecordingServer, result: TaskResult) -> None:
    server.tells("POST", "/v1/tasks", result)
    assert run("submit", "-", stdin="a long query").exit_code == 0
    assert json.loads(server.requests[0].body)["query"] == "a long query"


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_an_end_without_an_answer_is_told_and_fails(run: Run, server: RecordingServer, option: tuple[str, ...]) -> None:
    refused = TaskResult(id="t", status=Status.ESCALATED, reason="no path is left", graph="g", router="r")
    server.tells("POST", "/v1/tasks", refused)
    done = run("submit", "q", *option)
    assert done.exit_code == 1
    assert "no path is left" in done.stdout


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_an_error_is_one_line_on_stderr_without_a_traceback(
    run: Run, server: RecordingServer, option: tuple[str, ...]
) -> None:
    error = BudgetTooSmall("usd", "0.001", "0.02")
    server.raises("POST", "/v1/tasks", error, 422)
    done = run("submit", "q", *option)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr == f"error: {error}\n"


def test_errors_are_red_on_a_terminal(run: Run) -> None:
    done = run("submit", "q", env={"FORCE_COLOR": "1", "NO_COLOR": "", "TERM": "xterm"})
    assert "\x1b[31merror: no server answers at" in done.stderr


def test_a_page_that_is_no_answer_is_told_in_one_line(run: Run, server: RecordingServer) -> None:
    server.sends("POST", "/v1/tasks", 502, b"<html>\n<b>bad gateway</b>\n</html>", {"content-type": "text/html"})
    done = run("submit", "q")
    assert done.stderr == "error: unexpected answer with status 502: <html> <b>bad gateway</b> </html>\n"


@pytest.mark.parametrize("amount", ["much", "nan", "inf"])
def test_an_amount_that_is_none_is_a_usage_error(run: Run, amount: str) -> None:
    done = run("submit", "q", "--max-usd", amount)
    assert done.exit_code == 2
    assert "is no amount of money" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_server_can_be_named(run: Run, server: RecordingServer, result: TaskResult) -> None:
    server.tells("POST", "/v1/tasks", result)
    done = run("submit", "q", "--url", server.url, env={"STIGMERGY_URL": "http://127.0.0.1:1"})
    assert done.exit_code == 0


def test_text_that_is_no_unicode_is_an_error_not_a_traceback(run: Run, server: RecordingServer) -> None:
    for command in (("submit", "\udcff"), ("graph", "show", "\udcff"), ("episodes", "list", "--graph", "\udcff")):
        done = run(*command)
        assert done.exit_code == 1
        assert done.stderr.startswith("error: ")
        assert done.exception is None or isinstance(done.exception, SystemExit)
