"""What both clients share: requests built and replies read by pure functions. Nothing here opens a connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, Final, Generic, TypeAlias, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from stigmergy import __version__
from stigmergy.client.errors_from_wire import error_of
from stigmergy.domain import Status
from stigmergy.errors import (
    InvalidBudget,
    InvalidQuery,
    RequestError,
    ServerUnreachable,
    StigmergyError,
    UnexpectedReply,
    WaitTimedOut,
)
from stigmergy.wire import (
    BudgetModel,
    EpisodeModel,
    EpisodePageModel,
    FeedbackRequest,
    GraphModel,
    MessageModel,
    RouteModel,
    ServedModel,
    TaskRequest,
    TaskResult,
    Told,
)

DEFAULT_URL: Final = "http://127.0.0.1:8700"
URL_VARIABLE: Final = "STIGMERGY_URL"
KEY_VARIABLE: Final = "STIGMERGY_API_KEY"
CONNECT_S: Final = 5.0
"""The longest that opening a connection may take."""
POLL_S: Final = 20.0
"""The longest that one long poll asks the server to wait."""
POLL_PAUSE_S: Final = 0.05
"""Pause between long polls, so that a server that does not wait is not flooded."""
CONNECT_DELAYS_S: Final = (0.1, 0.3, 0.6, 1.0)
"""Pauses before a keyed task is offered again to a server that took no connection."""
CONNECTIONS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=100)
"""No bound: how many tasks are in flight is the caller's choice."""
NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout)
"""What httpx raises when nothing of the request has left this machine."""

Answer = TypeVar("Answer", bound=Told, covariant=True)  # noqa: PLC0105 -- the name is read in public signatures
Form = TypeVar("Form", bound=BaseModel)

Outcome: TypeAlias = TaskResult | StigmergyError
"""What became of one of many tasks: its result, or the error that its submission ended with."""
OnResult: TypeAlias = Callable[[int, Outcome], None]
"""Told of each outcome as it comes, with the task's place in the input."""
KeyOf: TypeAlias = Callable[[int, TaskRequest], str]
"""The idempotency key of a task, from its place in the input and the task."""
Budgeted: TypeAlias = BudgetModel | Mapping[str, Any]
Conversation: TypeAlias = Sequence[MessageModel | Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server is and how to show who asks.

    Attributes:
        url: where the API begins, without a slash at the end.
        headers: sent with every request.
        through_proxies: whether proxies of the environment are used; never for a server on this machine.
    """

    url: str
    headers: Mapping[str, str]
    through_proxies: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[Answer]):
    """One request, and the model that its reply is read as."""

    reply: type[Answer]
    method: str = "GET"
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    server_waits_s: float = 0.0
    """How long the server may hold the reply back on purpose."""
    connect_delays_s: tuple[float, ...] = ()


def place_of(base_url: str | None, api_key: str | None, environ: Mapping[str, str]) -> Place:
    """Arguments first, then STIGMERGY_URL and STIGMERGY_API_KEY, then the default address without a key.

    Raises:
        ServerUnreachable: the address is no URL.
        RequestError: the key cannot stand in a header.
    """
    url = (base_url or environ.get(URL_VARIABLE) or DEFAULT_URL).rstrip("/")
    key = api_key or environ.get(KEY_VARIABLE)
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL as error:
        raise ServerUnreachable(url, f"this is no address: {error}") from None
    headers = {"authorization": f"Bearer {_header_value('API key', key)}"} if key else {}
    return Place(url, headers, not _is_loopback(host))


def http_request(place: Place, call: Call[Told], timeout_s: float) -> httpx.Request:
    """The call as httpx sends it.

    Every wait on the network may take ``timeout_s``; the one for the reply beyond that as long as the server may hold
    it back; the one for a connection at most CONNECT_S.
    """
    limits = httpx.Timeout(
        timeout_s, connect=min(timeout_s, CONNECT_S), read=timeout_s + call.server_waits_s, pool=None
    )
    typed = {} if call.body is None else {"content-type": "application/json"}
    return httpx.Request(
        call.method,
        place.url + call.path,
        params=dict(call.query),
        headers={"user-agent": f"stigmergy/{__version__}", **typed, **place.headers, **call.headers},
        content=call.body,
        extensions={"timeout": limits.as_dict()},
    )


def task_request(
    *,
    query: str | None,
    graph: str | None,
    router: str | None,
    budget: Budgeted | None,
    task_type: str | None,
    labels: Mapping[str, str] | None,
    reference: str | None = None,
    messages: Conversation = (),
    wait: bool = True,
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
        "budget": BudgetModel() if budget is None else budget,
        "task_type": task_type,
        "labels": labels or {},
        "reference": reference,
        "wait": wait,
    }
    return _asked(TaskRequest, parts)


def submit_call(task: TaskRequest, idempotency_key: str | None) -> Call[TaskResult]:
    """``POST /v1/tasks``. Only a task with a key is offered again when no connection came about.

    Raises:
        RequestError: the key cannot stand in a header.
    """
    call = Call(reply=TaskResult, method="POST", path="/v1/tasks", body=_json(task))
    if idempotency_key is None:
        return call
    headers = {"idempotency-key": _header_value("idempotency key", idempotency_key)}
    return replace(call, headers=headers, connect_delays_s=CONNECT_DELAYS_S)


def task_call(task_id: str, wait_s: float = 0.0) -> Call[TaskResult]:
    """``GET /v1/tasks/{id}``; with ``wait_s`` the server answers when the task ends, at the latest after that long."""
    query = {"wait_s": f"{wait_s:g}"} if wait_s > 0 else {}
    return Call(reply=TaskResult, path=f"/v1/tasks/{_quoted(task_id)}", query=query, server_waits_s=wait_s)


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
    return Call(reply=EpisodeModel, path=f"/v1/episodes/{_quoted(episode_id)}")


def episodes_call(
    graph: str | None, router: str | None, status: Status | None, page_size: int, cursor: str | None
) -> Call[EpisodePageModel]:
    """``GET /v1/episodes``: the page that begins at ``cursor``."""
    asked = {"graph": graph, "router": router, "status": status, "limit": str(page_size), "cursor": cursor}
    return Call(
        reply=EpisodePageModel,
        path="/v1/episodes",
        query={name: str(value) for name, value in asked.items() if value is not None},
    )


def feedback_call(episode_id: str, quality: float, source: str, comment: str) -> Call[EpisodeModel]:
    """``POST /v1/episodes/{id}/feedback``; raises RequestError for a quality outside [0, 1]."""
    judgement = _asked(FeedbackRequest, {"quality": quality, "source": source, "comment": comment})
    path = f"/v1/episodes/{_quoted(episode_id)}/feedback"
    return Call(reply=EpisodeModel, method="POST", path=path, body=_json(judgement))


def served_call() -> Call[ServedModel]:
    """``GET /v1/graphs``."""
    return Call(reply=ServedModel, path="/v1/graphs")


def graph_call(name: str) -> Call[GraphModel]:
    """``GET /v1/graphs/{name}``."""
    return Call(reply=GraphModel, path=f"/v1/graphs/{_quoted(name)}")


def route_call(graph: str, task: TaskRequest) -> Call[RouteModel]:
    """``POST /v1/graphs/{name}/route``."""
    return Call(reply=RouteModel, method="POST", path=f"/v1/graphs/{_quoted(graph)}/route", body=_json(task))


def ready_call() -> Call[Told]:
    """``GET /readyz``; the status alone says it all."""
    return Call(reply=Told, path="/readyz")


def read_reply(call: Call[Answer], reply: httpx.Response) -> Answer:
    """The reply as the model that the call names.

    Raises:
        StigmergyError: the error that the server raised, as its own class.
        ServerOverloaded: the server, or a proxy before it, has no room.
        UnexpectedReply: the reply is not of this API.
    """
    if not reply.is_success:
        raise error_of(reply.status_code, reply.headers, reply.content)
    try:
        return call.reply.model_validate_json(reply.content)
    except ValidationError:
        raise UnexpectedReply(reply.status_code, reply.content.decode(errors="replace")) from None


def unreachable(url: str, error: httpx.HTTPError) -> ServerUnreachable:
    """What a failure below HTTP means to a caller."""
    return ServerUnreachable(url, str(error) or type(error).__name__)


def check_concurrency(concurrency: int) -> None:
    """Refuse a concurrency that lets no task through; raises RequestError."""
    if concurrency < 1:
        raise RequestError(f"concurrency = {concurrency}: at least 1 task must be allowed in flight")


def in_order(outcomes: Mapping[int, Outcome]) -> list[Outcome]:
    """Outcomes by the place of their task."""
    return [outcomes[place] for place in sorted(outcomes)]


def _asked(model: type[Form], parts: Mapping[str, Any]) -> Form:
    try:
        return model.model_validate(parts)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where, given = [str(step) for step in first["loc"]], repr(first["input"])
        if where[0] == "budget" and len(where) > 1:
            raise InvalidBudget(where[1], str(first["input"])) from None
        told = f"{'.'.join(where)} = {given[:80]}: {first['msg']}"
        raise (InvalidQuery(told) if model is TaskRequest else RequestError(told)) from None


def _json(model: BaseModel) -> bytes:
    return model.model_dump_json(exclude_defaults=True).encode()


def _header_value(what: str, value: str) -> str:
    if not (value and value.isascii() and value.isprintable()):
        raise RequestError(f"the {what} must be printable ASCII and not empty")
    return value


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
