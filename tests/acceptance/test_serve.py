"""Starting and stopping: nothing is left, and nothing else is touched."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from stigmergy import Client

pytestmark = pytest.mark.ray


def nothing_left(instance: Any) -> None:
    """No process that carries the marker, hence none of its ports; no folder."""
    assert list(instance.processes()) == []
    assert not Path(instance.folder).exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", instance.port)) != 0


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, "STIGMERGY_INSTANCE": "another"}
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], env=environ)
    yield other
    other.kill()
    other.wait()


def test_sigterm_ends_a_server_with_status_0_and_every_episode_is_stored(
    machine: Any, stop_with: Callable[..., int]
) -> None:
    server = machine.serve()
    with Client(f"http://127.0.0.1:{machine.port}") as client:
        ids = {client.submit(f"task {number}").episode_id for number in range(50)}
    assert stop_with(server, signal.SIGTERM) == 0
    nothing_left(machine.instances[0])
    import sqlite3

    with sqlite3.connect(machine.folder / "store.db") as store:
        assert ids == {row[0] for row in store.execute("SELECT id FROM episodes")}
    store.close()


def test_ctrl_c_in_a_terminal_ends_a_server_with_status_0(machine: Any) -> None:
    server = machine.serve()
    os.killpg(server.pid, signal.SIGINT)
    assert server.wait(timeout=60) == 0
    nothing_left(machine.instances[0])


def test_sigterm_to_the_whole_group_leaves_nothing_and_a_second_server_is_refused_before_it(machine: Any) -> None:
    server = machine.serve()
    second = machine.run("serve", "-c", str(machine.folder / "stigmergy.yaml"))
    assert (second.returncode, second.stderr.count("\n")) == (1, 1), second.stderr
    assert f"port {machine.port} is taken" in second.stderr
    assert machine.instance() == machine.instances[0]
    os.killpg(server.pid, signal.SIGTERM)
    assert server.wait(timeout=60) == 0
    nothing_left(machine.instances[0])


def test_what_kill_9_leaves_is_cleared_by_stop_and_by_the_next_serve_and_only_that(
    machine: Any, bystander: subprocess.Popen[bytes]
) -> None:
    killed = machine.serve()
    killed.kill()
    killed.wait()
    assert list(machine.instances[0].processes())
    told = json.loads(machine.run("stop", "--port", str(machine.port), "--json").stdout)
    assert (told["stopped"], told["cleared_processes"] > 0) == (False, True)
    nothing_left(machine.instances[0])
    again = machine.serve()
    again.kill()
    again.wait()
    machine.serve()
    assert list(machine.instances[1].processes()) == []
    assert list(machine.instances[2].processes())
    assert json.loads(machine.run("stop", "--port", str(machine.port), "--json").stdout)["stopped"]
    nothing_left(machine.instances[2])
    assert psutil.Process(bystander.pid).is_running()
    assert bystander.poll() is None


def test_a_port_that_somebody_else_listens_on_is_said_in_one_line(machine: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = machine.folder / "taken.yaml"
        config.write_text(
            "agents: {a: {kind: scripted, replies: [x], price: {}}}\n"
            "graphs: {main: {stages: [[a]], router: r}}\nrouters: {r: {kind: cheapest}}\n"
            f"serving: {{port: {taken.getsockname()[1]}}}\n"
        )
        refused = machine.run("serve", "-c", str(config))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
    assert "is taken" in refused.stderr


@pytest.mark.parametrize("path", ["a file/store.db", "a file"])
def test_a_store_that_cannot_be_opened_is_one_line_before_anything_is_started(machine: Any, path: str) -> None:
    (machine.folder / "a file").write_text("this is no database, and no folder")
    url = f"sqlite:///{machine.folder / path}"
    config = machine.folder / "stigmergy.yaml"
    config.write_text(
        "agents: {a: {kind: scripted, replies: [x], price: {}}}\n"
        "graphs: {main: {stages: [[a]], router: r}}\nrouters: {r: {kind: cheapest}}\n"
        f'serving: {{port: {machine.port}}}\nstore: {{url: "{url}"}}\n'
    )
    began = time.monotonic()
    refused = machine.run("serve", "-c", str(config))
    assert time.monotonic() - began < 8
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
    assert "the store at" in refused.stderr
    assert machine.instance() is None
