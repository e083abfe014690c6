from __future__ import annotations

from typing import TYPE_CHECKING

from stigmergy.domain import Status
from stigmergy.errors import TaskNotFound
from stigmergy.wire import TaskResult

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run
    from tests.unit.conftest import RecordingServer


def test_a_task_is_shown_as_it_stands(run: Run, server: RecordingServer) -> None:
    server.tells("GET", "/v1/tasks/t1", TaskResult(id="t1", status=Status.RUNNING, graph="g", router="r"))
    done = run("tasks", "show", "t1")
    assert done.exit_code == 0
    assert "running" in done.stdout
    assert server.requests[0].query == {}


def test_its_end_can_be_waited_for(run: Run, server: RecordingServer, result: TaskResult) -> None:
    server.tells("GET", "/v1/tasks/task-1", result)
    done = run("tasks", "show", "task-1", "--wait-s", "5", "--json")
    assert TaskResult.model_validate_json(done.stdout) == result
    assert server.requests[0].query == {"wait_s": "5"}


def test_time_that_is_over_is_an_error(run: Run, server: RecordingServer) -> None:
    server.tells("GET", "/v1/tasks/t1", TaskResult(id="t1", status=Status.RUNNING, graph="g", router="r"))
    done = run("tasks", "show", "t1", "--wait-s", "0")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: task t1 did not end within 0 s")


def test_a_task_that_is_not_there_is_named(run: Run, server: RecordingServer) -> None:
    server.raises("GET", "/v1/tasks/none", TaskNotFound("none"), 404)
    assert "no task 'none'" in run("tasks", "show", "none").stderr
