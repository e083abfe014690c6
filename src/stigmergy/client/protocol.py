"""What both clients share about HTTP: requests built, replies read. Pure: nothing here opens a connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Generic, TypeAlias, TypeVar

import httpx
from pydantic import ValidationError

from stigmergy import __version__
from stigmergy.client.errors_from_wire import error_of
from stigmergy.errors import RequestError, ServerUnreachable, StigmergyError, UnexpectedReply
from stigmergy.wire import TaskRequest, TaskResult, Told

DEFAULT_URL: Final = "http://127.0.0.1:8700"
URL_VARIABLE: Final = "STIGMERGY_URL"
KEY_VARIABLE: Final = "STIGMERGY_API_KEY"
CONNECT_S: Final = 5.0
"""The longest that opening a connection may take."""
CONNECTIONS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=100)
"""No bound: how many tasks are in flight is the caller's choice."""
NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout)
"""What httpx raises when nothing of the request has left this machine."""

Answer = TypeVar("Answer", bound=Told, covariant=True)  # noqa: PLC0105 -- the name is read in public signatures

Outcome: TypeAlias = TaskResult | StigmergyError
"""What became of one of many tasks: its result, or the error that its submission ended with."""
OnResult: TypeAlias = Callable[[int, Outcome], None]
"""Told of each outcome as it comes, with the task's place in the input."""
KeyOf: TypeAlias = Callable[[int, TaskRequest], str]
"""The idempotency key of a task, from its place in the input and the task."""


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
    headers = {"authorization": f"Bearer {header_value('API key', key)}"} if key else {}
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


def header_value(what: str, value: str) -> str:
    """The value, if it can stand in a header; raises RequestError that names ``what``."""
    if not (value and value.isascii() and value.isprintable()):
        raise RequestError(f"the {what} must be printable ASCII and not empty")
    return value


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


def broken_off(url: str, task_id: str, after: int | None) -> ServerUnreachable:
    """A stream of events that ended before the task did."""
    seen = "none came" if after is None else f"go on with after={after}"
    return ServerUnreachable(url, f"the events of task {task_id} broke off; {seen}")


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


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
