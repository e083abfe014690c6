"""The API, door by door: what is sent, and the model that the reply is read as. Pure; used by both clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from stigmergy.client.errors_from_wire import error_of_problem
from stigmergy.client.protocol import Call, Outcome, header_value
from stigmergy.domain import Status
from stigmergy.errors import InvalidBudget, InvalidQuery, RequestError, UnexpectedReply, WaitTimedOut
from stigmergy.wire import (
    ApprovalRequest,
    BatchOutcome,
    BatchRequest,
    BatchResult,
    BatchTask,
    BudgetModel,
    EpisodeModel,
    EpisodePageModel,
    FeedbackRequest,
    GraphModel,
    MessageModel,
    RouteModel,
    ServedModel,
    TaskEvent,
    TaskPageModel,
    TaskRequest,
    TaskResult,
    Told,
    TrailsModel,
)

POLL_S: Final = 20.0
"""The longest that one long poll asks the server to wait."""
POLL_PAUSE_S: Final = 0.05
"""Pause between long polls, so that a server that does not wait is not flooded."""
CONNECT_DELAYS_S: Final = (0.1, 0.3, 0.6, 1.0)
"""Pauses before a keyed task is offered again to a server that took no connection."""

Form = TypeVar("Form", bound=BaseModel)
Budgeted: TypeAlias = BudgetModel | Mapping[str, Any]
Conversation: TypeAlias = Sequence[MessageModel | Mapping[str, str]]


def task_request(
    *,
    query: str | None,
    graph: str | None,
    router: str | None,
    trade_off: float | None = None,
    budget: Budgeted | None,
    task_type: str | None,
    labels: Mapping[str, str] | None,
    reference: str | None = None,
    messages: Conversation = (),
    wait: bool = True,
    explain: bool = False,
    priority: int = 0,
) -> TaskRequest:
    """The task as it is sent.

    Raises:
        InvalidBudget: a limit is no finite number, or a deadline is not above 0.
        InvalidQuery: any other part has a wrong form.
    """
    parts = {
        "query": query,
        "messages": messages,
        "graph": graph,
        "router": router,
        "trade_off": trade_off,
        "budget": BudgetModel() if budget is None else budget,
        "task_type": task_type,
        "labels": labels or {},
        "reference": reference,
        "wait": wait,
        "explain": explain,
        "priority": priority,
    }
    return asked_as(TaskRequest, parts)


def submit_call(task: TaskRequest, idempotency_key: str | None) -> Call[TaskResult]:
    """``POST /v1/tasks``. Only a task with a key is offered again when no connection came about.

    Raises:
        RequestError: the key cannot stand in a header.
    """
    call = Call(reply=TaskResult, method="POST", path="/v1/tasks", body=json_of(task))
    if idempotency_key is None:
        return call
    headers = {"idempotency-key": header_value("idempotency key", idempotency_key)}
    return replace(call, headers=headers, connect_delays_s=CONNECT_DELAYS_S)


def task_call(task_id: str, wait_s: float = 0.0) -> Call[TaskResult]:
    """``GET /v1/tasks/{id}``; with ``wait_s`` the server answers when the task ends, at the latest after that long."""
    wait_s = max(wait_s, 0.0)
    query = {"wait_s": f"{wait_s:g}"} if wait_s else {}
    return Call(reply=TaskResult, path=f"/v1/tasks/{quoted(task_id)}", query=query, server_waits_s=wait_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """Which tasks to list; the span is ``since <= created_at < before``."""

    graph: str | None
    status: Status | None
    since: datetime | None
    before: datetime | None
    page_size: int


def tasks_call(asked: TaskQuery, cursor: str | None) -> Call[TaskPageModel]:
    """``GET /v1/tasks``: the page that begins at ``cursor``.

    Raises:
        InvalidQuery: a time has no zone.
    """
    parts = {
        "graph": asked.graph,
        "status": asked.status,
        "since": _time("since", asked.since),
        "before": _time("before", asked.before),
        "limit": str(asked.page_size),
        "cursor": cursor,
    }
    given = {name: _sendable(value) for name, value in parts.items() if value is not None}
    return Call(reply=TaskPageModel, path="/v1/tasks", query=given)


def cancel_call(task_id: str) -> Call[TaskResult]:
    """``POST /v1/tasks/{id}/cancel``."""
    return Call(reply=TaskResult, method="POST", path=f"/v1/tasks/{quoted(task_id)}/cancel")


def decision_call(
    task_id: str, decision: Literal["approve", "reject"], by: str, comment: str, place: str | None
) -> Call[TaskResult]:
    """``POST /v1/tasks/{id}/approve`` or ``/reject``; raises RequestError for what the API does not take."""
    asked = asked_as(ApprovalRequest, {"by": by, "comment": comment, "place": place})
    path = f"/v1/tasks/{quoted(task_id)}/{decision}"
    return Call(reply=TaskResult, method="POST", path=path, body=json_of(asked))


def retry_call(task_id: str) -> Call[TaskResult]:
    """``POST /v1/tasks/{id}/retry``."""
    return Call(reply=TaskResult, method="POST", path=f"/v1/tasks/{quoted(task_id)}/retry")


def events_call(task_id: str, after: int | None) -> Call[TaskEvent]:
    """``GET /v1/tasks/{id}/events``, a stream of what the call names as its reply."""
    headers = {} if after is None else {"last-event-id": str(after)}
    return Call(reply=TaskEvent, path=f"/v1/tasks/{quoted(task_id)}/events", headers=headers)


def batch_call(tasks: Sequence[BatchTask]) -> Call[BatchResult]:
    """``POST /v1/tasks/batch``; raises RequestError for none or more than 1000 tasks."""
    batch = asked_as(BatchRequest, {"tasks": tuple(tasks)})
    return Call(reply=BatchResult, method="POST", path="/v1/tasks/batch", body=json_of(batch))


def outcome_of(told: BatchOutcome) -> Outcome:
    """What became of a task of a batch: it where it stands, or the error that it was refused with."""
    if told.task is not None:
        return told.task
    return UnexpectedReply(200, "neither task nor problem") if told.problem is None else error_of_problem(told.problem)


def next_poll_s(task_id: str, timeout_s: float, waited_s: float) -> float:
    """How long the next long poll may take.

    Raises:
        WaitTimedOut: the time is over.
    """
    if waited_s >= timeout_s:
        raise WaitTimedOut(task_id, timeout_s)
    return min(POLL_S, timeout_s - waited_s)


def episode_call(episode_id: str) -> Call[EpisodeModel]:
    """``GET /v1/episodes/{id}``."""
    return Call(reply=EpisodeModel, path=f"/v1/episodes/{quoted(episode_id)}")


def episodes_call(
    graph: str | None, router: str | None, status: Status | None, page_size: int, cursor: str | None
) -> Call[EpisodePageModel]:
    """``GET /v1/episodes``: the page that begins at ``cursor``."""
    asked = {"graph": graph, "router": router, "status": status, "limit": str(page_size), "cursor": cursor}
    return Call(
        reply=EpisodePageModel,
        path="/v1/episodes",
        query={name: _sendable(value) for name, value in asked.items() if value is not None},
    )


def feedback_call(episode_id: str, quality: float, source: str, comment: str) -> Call[EpisodeModel]:
    """``POST /v1/episodes/{id}/feedback``; raises RequestError for a quality outside [0, 1]."""
    judgement = asked_as(FeedbackRequest, {"quality": quality, "source": source, "comment": comment})
    path = f"/v1/episodes/{quoted(episode_id)}/feedback"
    return Call(reply=EpisodeModel, method="POST", path=path, body=json_of(judgement))


def served_call() -> Call[ServedModel]:
    """``GET /v1/graphs``."""
    return Call(reply=ServedModel, path="/v1/graphs")


def graph_call(name: str) -> Call[GraphModel]:
    """``GET /v1/graphs/{name}``."""
    return Call(reply=GraphModel, path=f"/v1/graphs/{quoted(name)}")


def trails_call(graph: str) -> Call[TrailsModel]:
    """``GET /v1/graphs/{name}/trails``."""
    return Call(reply=TrailsModel, path=f"/v1/graphs/{quoted(graph)}/trails")


def route_call(graph: str, task: TaskRequest) -> Call[RouteModel]:
    """``POST /v1/graphs/{name}/route``."""
    return Call(reply=RouteModel, method="POST", path=f"/v1/graphs/{quoted(graph)}/route", body=json_of(task))


def ready_call() -> Call[Told]:
    """``GET /readyz``; the status alone says it all."""
    return Call(reply=Told, path="/readyz")


def asked_as(model: type[Form], parts: Mapping[str, Any]) -> Form:
    """The model of what is sent; raises RequestError that names the first part of a wrong form."""
    try:
        return model.model_validate(parts)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where, given = [str(step) for step in first["loc"]], repr(first["input"])
        if where[0] == "budget" and len(where) > 1:
            raise InvalidBudget(where[1], str(first["input"])) from None
        raise _refusal(model)(f"{'.'.join(where)} = {given[:80]}: {first['msg']}") from None


def json_of(model: BaseModel) -> bytes:
    """As it is sent; raises RequestError for what is no JSON."""
    try:
        return model.model_dump_json(exclude_defaults=True).encode()
    except PydanticSerializationError as error:
        raise _refusal(type(model))(str(error)) from None


def _refusal(model: type[BaseModel]) -> type[RequestError]:
    return InvalidQuery if model is TaskRequest else RequestError


def _time(name: str, at: datetime | None) -> str | None:
    if at is not None and at.tzinfo is None:
        raise InvalidQuery(f"{name} = {at.isoformat()} has no time zone")
    return None if at is None else at.isoformat()


def quoted(name: str) -> str:
    """A name as a part of a path."""
    return quote(_sendable(name), safe="")


def _sendable(text: str) -> str:
    # A command line that is no UTF-8 brings lone surrogates, which no URL can carry.
    return text.encode(errors="replace").decode()
