"""What is measured: somewhere that chat completions can be asked for, and what each cell of the table asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from stigmergy.bench.gateway.load import Job

DELAYS_MS = (0, 50)
"""How long the upstream takes, in milliseconds."""
_WARM_UP = 2
"""Requests of each connection that are not counted."""
_QUESTION = "What is six times seven, and who wants to know?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One line of the table, whatever the system."""

    concurrency: int
    upstream_ms: int
    stream: bool


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked in one cell: so many requests, or for so long."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A server. ``path`` and ``model`` are told the upstream's delay; ``durable``: every request is a stored task."""

    name: str
    port: int
    path: Callable[[int], str]
    model: Callable[[int], str]
    durable: bool = False
    headers: tuple[tuple[str, str], ...] = field(default=())

    def job(self, cell: Cell, size: Size, run: str) -> Job:
        """What the load is to do; ``run`` makes idempotency keys unique."""
        question = {"model": self.model(cell.upstream_ms), "messages": [{"role": "user", "content": _QUESTION}]}
        return Job(
            port=self.port,
            path=self.path(cell.upstream_ms),
            headers=self.headers,
            body=json.dumps({**question, "stream": True} if cell.stream else question),
            stream=cell.stream,
            connections=cell.concurrency,
            requests=size.requests,
            seconds=size.seconds,
            warm_up=cell.concurrency * _WARM_UP,
            key=run if self.durable else "",
        )


def plain_path(_delay_ms: int) -> str:
    """Where servers that take the delay from the model's name answer."""
    return "/v1/chat/completions"


def delayed_path(delay_ms: int) -> str:
    """Where the upstream answers so late."""
    return f"/{delay_ms}/v1/chat/completions"


def delayed_model(delay_ms: int) -> str:
    """The name of the graph, or model, whose upstream takes so long."""
    return f"wait-{delay_ms}"


def upstream_url(port: int, delay_ms: int) -> str:
    """The base URL of the upstream that takes so long."""
    return f"http://127.0.0.1:{port}/{delay_ms}/v1"
