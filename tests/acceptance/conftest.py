"""``stigmergy`` as a user runs it: a process of its own, which no test leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

STIGMERGY = (sys.executable, "-c", "from stigmergy.cli.main import app; app()")

CONFIG = """
agents:
  a: {{kind: scripted, replies: ["an answer"], price: {{per_call: "0.001"}}, runs: deployment}}
graphs:
  main: {{stages: [[a]], router: cheapest}}
routers: {{cheapest: {{kind: cheapest}}}}
serving: {{port: {port}}}
store: {{url: "${{STIGMERGY_STORE_URL}}"}}
"""


@dataclass(slots=True)
class Machine:
    """A user's machine: a state folder, a store, a configuration and a port of one's own."""

    folder: Path
    port: int
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    instances: list[Any] = field(default_factory=list)

    @property
    def store(self) -> str:
        return f"sqlite:///{self.folder / 'store.db'}"

    @property
    def environ(self) -> Mapping[str, str]:
        return {**os.environ, "XDG_STATE_HOME": str(self.folder), "STIGMERGY_STORE_URL": self.store}

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command, to its end."""
        command = [*STIGMERGY, *arguments]
        environ = {**self.environ, **more}
        return subprocess.run(
            command, check=False, env=environ, cwd=self.folder, capture_output=True, text=True, timeout=90
        )

    def serve(self) -> subprocess.Popen[str]:
        """A server in a process group of its own, once it has said that it serves."""
        config = self.folder / "stigmergy.yaml"
        config.write_text(CONFIG.format(port=self.port))
        log = (self.folder / "serve.log").open("a")
        command = [*STIGMERGY, "serve", "--json", "-c", str(config)]
        server = subprocess.Popen(
            command, env=self.environ, cwd=self.folder, stdout=subprocess.PIPE, stderr=log, text=True, process_group=0
        )
        log.close()
        self.started.append(server)
        assert server.stdout is not None
        said = server.stdout.readline()
        if said != "{\n":
            said += server.communicate(timeout=60)[0]
            raise AssertionError(said + (self.folder / "serve.log").read_text())
        self.instances.append(self.instance())
        return server

    def instance(self) -> Any:
        """The instance that is recorded for the port."""
        from stigmergy.deployments.instance import Instance

        record = self.folder / "stigmergy" / f"instance-{self.port}.json"
        return Instance(**json.loads(record.read_text())) if record.exists() else None

    def end_all(self) -> None:
        """Whatever a test did: no process stays."""
        for server in self.started:
            server.kill()
            server.wait()
            assert server.stdout is not None
            server.stdout.close()
        for instance in self.instances:
            instance.clear()


@pytest.fixture
def machine(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Machine]:
    machine = Machine(tmp_path, free_port())
    yield machine
    machine.end_all()


@pytest.fixture
def stop_with() -> Callable[[subprocess.Popen[str], signal.Signals], int]:
    """Sends a signal to the process alone and returns its exit status."""

    def stop(server: subprocess.Popen[str], number: signal.Signals) -> int:
        server.send_signal(number)
        return server.wait(timeout=60)

    return stop
