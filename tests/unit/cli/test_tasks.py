from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stigmergy.domain import Status
from stigmergy.errors import ApprovalNotAsked, TaskEnded, TaskNotFound
from stigmergy.wire import ApprovalModel, TaskPageModel, TaskResult

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


def test_tasks_are_listed_up_to_the_limit_and_narrowed(run: Run, server: RecordingServer, result: TaskResult) -> None:
    server.tells("GET", "/v1/tasks", TaskPageModel(tasks=(result, result), next_cursor="more"))
    listed = run("tasks", "list", "--status", "completed", "--graph", "workbench", "--since", "2026-01-01")
    assert (listed.exit_code, listed.stdout.count("task-1")) == (0, 20), listed.stderr
    assert "dear \N{RIGHTWARDS ARROW} check" in listed.stdout
    asked = server.requests[0].query
    assert (asked["status"], asked["graph"], asked["limit"]) == ("completed", "workbench", "20")
    assert asked["since"].startswith("2026-01-01T00:00:00")
    one = run("tasks", "list", "--limit", "1", "--json")
    assert [task["id"] for task in json.loads(one.stdout)] == ["task-1"]


def test_a_task_is_cancelled(run: Run, server: RecordingServer, result: TaskResult) -> None:
    server.tells("POST", "/v1/tasks/task-1/cancel", result.model_copy(update={"status": Status.CANCELLED}))
    assert "cancelled" in run("tasks", "cancel", "task-1").stdout
    assert json.loads(run("tasks", "cancel", "task-1", "--json").stdout)["status"] == "cancelled"
    server.raises("POST", "/v1/tasks/done/cancel", TaskEnded("done", "completed"), 409)
    refused = run("tasks", "cancel", "done")
    assert refused.exit_code == 1
    assert "done has ended as completed" in refused.stderr


def test_a_risky_hop_is_approved_or_rejected(run: Run, server: RecordingServer) -> None:
    asked = ApprovalModel(place="refund", agent="stripe", reason="amount_usd 15000 is above 10000")
    task = TaskResult(id="t1", status=Status.NEEDS_APPROVAL, graph="g", router="r", approval=asked)
    server.tells("GET", "/v1/tasks/t1", task)
    assert "to call stripe at refund: amount_usd 15000 is above 10000" in run("tasks", "show", "t1").stdout
    for word, approved in (("approve", True), ("reject", False)):
        decided = asked.model_copy(update={"approved": approved, "by": "ann"})
        server.tells("POST", f"/v1/tasks/t1/{word}", task.model_copy(update={"approval": decided}))
        done = run("tasks", word, "t1", "--by", "ann", "--comment", "checked")
        assert (done.exit_code, f"ann {word.removesuffix('e')}ed it" in done.stdout.replace("\n", " ")) == (0, True)
        assert json.loads(server.requests[-1].body) == {"by": "ann", "comment": "checked"}
    run("tasks", "approve", "t1", "--place", "refund", "--json")
    assert json.loads(server.requests[-1].body) == {"place": "refund"}
    server.raises("POST", "/v1/tasks/t2/approve", ApprovalNotAsked("t2", "it is running"), 409)
    refused = run("tasks", "approve", "t2")
    assert refused.exit_code == 1
    assert "t2 does not wait for this decision: it is running" in refused.stderr
