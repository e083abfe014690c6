"""A real HTTP server on a free port of this machine that answers as a test tells it and records what it got."""

from __future__ import annotations

import functools
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import pytest
import typer.main
from pydantic import BaseModel

from stigmergy.errors import StigmergyError
from stigmergy.wire import PROBLEM_TYPE, Problem


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """A reply to send."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answer: TypeAlias = Callable[[Recorded], Sent | None]
"""None hangs up without a reply."""


def _no_such_page(_: Recorded) -> Sent | None:
    return Sent(404, b"no such page")


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hung up is what some tests are about; anything else is a mistake of the test and is shown.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class RecordingServer:
    """Answers by (method, path); everything else is a 404 that is no problem document."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Recorded] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, str], Answer] = {}
        self._http = _Http(("127.0.0.1", port), self._handler(), bind_and_activate=False)
        self._http.server_bind()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    def start(self) -> None:
        """Accept connections; until then they are refused."""
        self._http.server_activate()
        self._thread.start()

    def stop(self) -> None:
        if self._thread.ident is not None:
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()

    def does(self, method: str, path: str, answer: Answer) -> None:
        self._answers[method, path] = answer

    def sends(self, method: str, path: str, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.does(method, path, lambda _: Sent(status, body, headers))

    def tells(self, method: str, path: str, *models: BaseModel, status: int = 200) -> None:
        """Send the models one after another, and the last one ever after."""
        left = list(models)
        self.does(method, path, lambda _: self.reply(left.pop(0) if len(left) > 1 else left[0], status))

    def raises(self, method: str, path: str, error: StigmergyError, status: int = 400) -> None:
        self.does(method, path, lambda _: self.problem(error, status))

    def reply(self, model: BaseModel, status: int = 200) -> Sent:
        return Sent(status, model.model_dump_json().encode(), {"content-type": "application/json"})

    def problem(self, error: StigmergyError, status: int = 400) -> Sent:
        document = Problem(
            type="about:blank",
            title=type(error).__name__,
            status=status,
            detail=str(error),
            code=error.code,
            facts=error.args,
        )
        return Sent(status, document.model_dump_json().encode(), {"content-type": f"{PROBLEM_TYPE}; charset=utf-8"})

    def _answer(self, request: Recorded) -> Sent | None:
        with self._lock:
            self.requests.append(request)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            return self._answers.get((request.method, request.path), _no_such_page)(request)
        finally:
            with self._lock:
                self._in_flight -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                sent = answer(Recorded(self.command, url.path, dict(parse_qsl(url.query)), headers, body))
                if sent is None:
                    self.close_connection = True
                    return
                self.send_response(sent.status)
                for name, value in {**sent.headers, "content-length": str(len(sent.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(sent.body)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def late_server() -> Iterator[RecordingServer]:
    """Has its address; refuses connections until it is started."""
    server = RecordingServer()
    yield server
    server.stop()


@pytest.fixture
def server(late_server: RecordingServer) -> RecordingServer:
    late_server.start()
    return late_server


@pytest.fixture(scope="session", autouse=True)
def commands_are_built_once() -> Iterator[None]:
    """Typer's runner builds every command of an application anew for each one that it runs: 75 ms for ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def authorities_are_read_once() -> Iterator[None]:
    """Each HTTP client reads the authorities of the whole web for 20 ms, and no test meets one of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ssl.create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture(autouse=True)
def ray_is_not_started() -> Iterator[None]:
    """Unit tests run without a cluster: none of them may load Ray, let alone start it."""
    loaded = "ray" in sys.modules
    yield
    assert loaded or "ray" not in sys.modules, "a unit test loaded Ray; what needs it belongs into tests/integration"
