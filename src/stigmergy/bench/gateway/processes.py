"""Processes of the bench: started, waited for, ended."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from stigmergy.bench.gateway.load import Job, Timing
from stigmergy.errors import ServerUnreachable, StigmergyError

_LOAD_ENDS_WITHIN_S = 900.0
_ENDS_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.1


@contextmanager
def running_upstream() -> Iterator[int]:
    """The fake language model's server, on the port that is yielded."""
    command = [sys.executable, "-m", "stigmergy.bench.gateway.upstream"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield int(process.stdout.readline() if process.stdout else "")
        finally:
            # It answers until nobody holds its standard input open.
            process.communicate(timeout=_ENDS_WITHIN_S)


def put_under_load(job: Job) -> Timing:
    """Do the job in a process of its own.

    Raises:
        StigmergyError: the load could not be brought to its end.
    """
    command = [sys.executable, "-m", "stigmergy.bench.gateway.load"]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            input=json.dumps(asdict(job)),
            capture_output=True,
            text=True,
            check=False,
            timeout=_LOAD_ENDS_WITHIN_S,
        )
    except subprocess.TimeoutExpired:
        raise StigmergyError(
            f"{job.path} did not answer {job.requests} requests in {_LOAD_ENDS_WITHIN_S:g} s"
        ) from None
    if done.returncode:
        raise StigmergyError(f"the load on {job.path} broke off: {done.stderr.strip().splitlines()[-1]}")
    return Timing(**json.loads(done.stdout))


def wait_until_ready(url: str, within_s: float) -> None:
    """Ask until the answer is a good one.

    Raises:
        ServerUnreachable: there was none in time.
    """
    until, reason = time.monotonic() + within_s, "nobody listens"
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own http URL
                return
        except (urllib.error.URLError, OSError) as error:
            reason = str(error)
        time.sleep(_LOOK_EVERY_S)
    raise ServerUnreachable(url, f"it was not ready within {within_s:g} s: {reason}")


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
