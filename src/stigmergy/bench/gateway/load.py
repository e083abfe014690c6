"""The load: a closed loop over connections that stay open, in a process of its own, with as little work as possible.

``python -m stigmergy.bench.gateway.load`` reads a ``Job`` as JSON from standard input and prints a ``Timing``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Final, cast

import uvloop

from stigmergy.bench.gateway.http import Message, request, with_header

_GOOD: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``requests`` of one kind from ``connections`` at a time, or as many as can be sent in ``seconds``.

    ``warm_up`` more go before them and are not counted. ``key`` makes every request a durable one, with an idempotency
    key that begins with it; "" leaves the header out.
    """

    port: int
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str
    stream: bool
    connections: int
    requests: int
    seconds: float
    warm_up: int
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What the load saw: requests per second, percentiles of the time to the last byte, and answers that were none."""

    requests: int
    seconds: float
    rps: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    errors: int
    first_error: str = ""


def timing(taken_s: list[float], seconds: float, errors: Counter[str]) -> Timing:
    """The figures of requests that took so long each."""
    ordered = sorted(taken_s) or [0.0]

    def percentile(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000

    return Timing(
        requests=len(taken_s),
        seconds=seconds,
        rps=len(taken_s) / seconds,
        p50_ms=percentile(0.5),
        p99_ms=percentile(0.99),
        p999_ms=percentile(0.999),
        max_ms=ordered[-1] * 1000,
        errors=errors.total(),
        first_error=next(iter(errors), ""),
    )


class _Load:
    """All connections of a job together."""

    def __init__(self, job: Job) -> None:
        self.taken_s: list[float] = []
        self.errors: Counter[str] = Counter()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.began = time.perf_counter()
        self._job = job
        self._asked = request("POST", job.path, f"127.0.0.1:{job.port}", job.headers, job.body.encode())
        self.open: set[asyncio.Transport] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._sent = self._told = 0
        self._until = float("inf")

    def next(self) -> bytes | None:
        """What a free connection is to send; None: there is nothing left to be asked."""
        enough = self._sent == self._job.warm_up + self._job.requests or time.perf_counter() > self._until
        if enough:
            if self._told == self._sent and not self.done.done():
                self.done.set_result(None)
            return None
        self._sent += 1
        if not self._job.key:
            return self._asked
        return with_header(self._asked, f"idempotency-key: {self._job.key}-{self._sent}".encode())

    def took(self, seconds: float, told: Message) -> None:
        """Count an answer."""
        if told.status != _GOOD or (self._job.stream and b"data: [DONE]" not in told.body):
            self.errors[f"{told.status}: {told.body[:300]!r}"] += 1
        self._count(seconds)

    def broke(self, seconds: float, why: Exception | None) -> None:
        """Count a request whose connection was closed before its answer was complete."""
        self.errors[f"the server closed the connection: {why}"] += 1
        self._count(seconds)

    def connect(self) -> None:
        """Open a connection; that there is none to be had ends the load."""
        opening = asyncio.get_running_loop().create_task(self._open())
        self._opening.add(opening)
        opening.add_done_callback(self._opened)

    def close(self) -> None:
        """Close all connections."""
        for each in self.open:
            each.abort()

    async def _open(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: _Connection(self), "127.0.0.1", self._job.port)

    def _opened(self, opening: asyncio.Task[None]) -> None:
        self._opening.discard(opening)
        error = None if opening.cancelled() else opening.exception()
        if error is not None and not self.done.done():
            self.done.set_exception(error)

    def _count(self, seconds: float) -> None:
        """Those of the warm-up are looked at and forgotten."""
        self.taken_s.append(seconds)
        self._told += 1
        if self._told == self._job.warm_up:
            self.taken_s.clear()
            self.began = time.perf_counter()
            self._until = self.began + self._job.seconds


class _Connection(asyncio.Protocol):
    """Sends, waits for the whole answer, sends again; once closed, another one goes on."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._told = Message()
        self._sent = 0.0
        self._waits = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._load.open.add(self._transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        if self._told.feed(data):
            told, self._told, self._waits = self._told, Message(), False
            self._load.took(time.perf_counter() - self._sent, told)
            if told.closes:
                cast("asyncio.Transport", self._transport).close()
            else:
                self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.open.discard(cast("asyncio.Transport", self._transport))
        if self._load.done.done():
            return
        if self._waits:
            self._load.broke(time.perf_counter() - self._sent, exc)
        self._load.connect()

    def _send(self) -> None:
        asked = self._load.next()
        if asked is not None and self._transport is not None:
            self._sent, self._waits = time.perf_counter(), True
            self._transport.write(asked)


async def run(job: Job) -> Timing:
    """Do the job.

    Raises:
        OSError: the server takes no connection.
    """
    load = _Load(job)
    for _ in range(job.connections):
        load.connect()
    try:
        await load.done
    finally:
        load.close()
    return timing(load.taken_s, time.perf_counter() - load.began, load.errors)


if __name__ == "__main__":
    told = json.load(sys.stdin)
    job = Job(**{**told, "headers": tuple(map(tuple, told["headers"]))})
    sys.stdout.write(json.dumps(asdict(uvloop.run(run(job)))))
