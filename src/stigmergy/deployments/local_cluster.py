"""Ray and Serve on this machine: started on loopback, and stopped so that no process and no port is left."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stigmergy.deployments.instance import Instance, new_instance, recorded_instance
from stigmergy.deployments.rollout import APPLICATION, last_sentence
from stigmergy.deployments.serve_environment import serve_environment
from stigmergy.deployments.stopping import stop_cluster
from stigmergy.errors import DeployFailed, PortTaken, ServerUnreachable, StoreUnavailable
from stigmergy.platform.settings import Settings
from stigmergy.platform.store.open import open_store

logger = logging.getLogger(__name__)

_READY_WITHIN_S = 60.0


@contextmanager
def local_cluster(settings: Settings) -> Iterator[str]:
    """Serve the settings on this machine; yields the base URL once the gateway takes tasks.

    What an earlier instance on this port left behind, whose driver died, is cleared first.

    Raises:
        StoreUnavailable: the database cannot be opened.
        PortTaken: a living instance, or somebody else's process, has the port.
        DeployFailed: Ray or Serve did not come up; it says why.
        ServerUnreachable: Serve came up and the gateway did not within a minute.
    """
    clear_leftovers(settings.serving.port)
    _expect_free(settings.serving.host, settings.serving.port)
    anchored = anchor_store(settings, Path.cwd())
    asyncio.run(_open_once(anchored))
    instance = new_instance(settings.serving.port)
    before = dict(os.environ)
    try:
        os.environ.update(serve_environment(settings.serving, instance))
        with _stdout_to_stderr():
            url = _start(anchored, instance)
        yield url
    finally:
        stop_cluster(instance)
        os.environ.clear()
        os.environ.update(before)


def anchor_store(settings: Settings, folder: Path) -> Settings:
    """The settings with a relative SQLite path made absolute: replicas have working folders of their own."""
    prefix, _, path = settings.store.url.partition(":///")
    if prefix != "sqlite" or path.startswith("/") or not path:
        return settings
    return replace(settings, store=replace(settings.store, url=f"sqlite:///{folder / path}"))


async def _open_once(settings: Settings) -> None:
    """Bring the tables up to date before anything is started, so that what is wrong is said at once and in short."""
    url = settings.store.url
    if url.startswith("sqlite:///"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(url, f"its folder {folder} cannot be made: {error.strerror}") from None
    await open_store(url, settings.store.durability).aclose()


def clear_leftovers(port: int) -> int:
    """Kill what a dead driver left on a port; returns how many processes that were.

    Raises:
        PortTaken: the driver lives. It may be starting, so that nobody listens on its port yet.
    """
    last = recorded_instance(port)
    if last is None:
        return 0
    if last.alive:
        raise PortTaken(port, f"by a server of ours, process {last.pid}")
    killed = last.clear()
    logger.warning("cleared %d processes that a killed server on port %d had left", killed, port)
    return killed


def _start(settings: Settings, instance: Instance) -> str:
    from ray import serve
    from ray.exceptions import RayError

    from stigmergy.deployments.app import build
    from stigmergy.deployments.vllm import VLLM_APPLICATION, VLLM_ROUTE, vllm_application, vllm_models

    serving = settings.serving
    on_sigterm = signal.getsignal(signal.SIGTERM)
    try:
        _init_ray(instance)
    except SystemExit:
        # While it starts, Ray has taken SIGTERM over and ends the process with the signal's number.
        raise KeyboardInterrupt from None
    if threading.current_thread() is threading.main_thread():
        # Later it would end this process without stopping what it has started.
        signal.signal(signal.SIGTERM, on_sigterm)
    try:
        serve.start(http_options={"host": serving.host, "port": serving.port})
    except (RuntimeError, TimeoutError, RayError) as error:
        raise DeployFailed((("proxy", last_sentence(str(error))),)) from error
    name = APPLICATION
    try:
        if models := vllm_models(settings):
            name = VLLM_APPLICATION
            serve.run(vllm_application(models), name=name, route_prefix=VLLM_ROUTE)
            name = APPLICATION
        serve.run(build(settings), name=name, route_prefix="/")
    except RuntimeError as error:
        raise DeployFailed(_what_deployments_say(name) or (("application", str(error)),)) from error
    url = f"http://{serving.host}:{serving.port}"
    _wait_until_ready(url, instance)
    return url


def _init_ray(instance: Instance) -> None:
    import ray

    ray.init(
        address="local",
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        configure_logging=False,
        _temp_dir=f"{instance.folder}/ray",
        _node_ip_address="127.0.0.1",
    )


@contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Ray's native code warns on the process's stdout when starting takes long; that belongs to the command alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _what_deployments_say(application: str) -> tuple[tuple[str, str], ...]:
    from ray import serve

    found = serve.status().applications[application].deployments
    return tuple((name, last_sentence(status.message)) for name, status in found.items() if status.message)


def _wait_until_ready(url: str, instance: Instance) -> None:
    """The proxy learns of the replicas a moment after Serve says that it is running.

    Each time HAProxy learns something a new process of it takes over, and one that still accepts connections knows no
    route yet: the server is ready when one process listens and the gateway answers through it.
    """
    until, reason = time.monotonic() + _READY_WITHIN_S, ""
    while time.monotonic() < until:
        reason = _why_not_ready(url) or ("" if instance.listeners() == 1 else "proxies are being replaced")
        if not reason:
            return
        time.sleep(0.05)
    raise ServerUnreachable(url, f"the gateway was not ready within {_READY_WITHIN_S:g} s: {reason}")


def _why_not_ready(url: str) -> str:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310 - our own http URL
            return "" if answer.status == 200 else f"status {answer.status}"  # noqa: PLR2004
    except (urllib.error.URLError, OSError) as error:
        return str(error)


def _expect_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(port, error.strerror or str(error)) from None
