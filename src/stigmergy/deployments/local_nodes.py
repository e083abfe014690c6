"""A Ray cluster of several nodes on this machine, contained: for benches and tests of what a real one does.

Every node is started by ``ray start`` as on a machine of its own, with an address of its own (on loopback, or in a
network of its own), token authentication, and the state of its head in files, so that the head may be killed, too.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import psutil

from stigmergy.deployments.instance import Instance, new_instance
from stigmergy.deployments.node_networks import NodeNetwork, loopback
from stigmergy.deployments.serve_api import ServeApi
from stigmergy.deployments.serve_environment import serve_environment
from stigmergy.errors import DeployFailed, ServerError
from stigmergy.platform.settings import ServingConfig

_NODE = "STIGMERGY_NODE"
HEAD = "head"
_STARTED_WITHIN_S = 120.0
_ATTEMPTS = 3
_PORTS = ("gcs", "dashboard", "client")
# Ray's agent, which takes jobs, else wants one fixed port on every address, which only one Ray of a machine can have.
_SMALL = (
    "--num-cpus=4",
    "--num-gpus=0",
    "--object-store-memory=100000000",
    "--disable-usage-stats",
    "--dashboard-agent-listen-port=0",
)


class LocalNodes:
    """The nodes of one cluster: ``head``, ``node-1``, ``node-2`` ..."""

    def __init__(self, instance: Instance, environ: Mapping[str, str], network: NodeNetwork) -> None:
        """``environ`` is what every process of the cluster sees, beside what this class adds."""
        self.instance = instance
        self._network = network
        self._ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        self.token = secrets.token_hex(32)
        self._count = 0
        state = Path(instance.folder) / "gcs"
        state.mkdir(exist_ok=True)
        self._environ = {
            **environ,
            **serve_environment(ServingConfig(), instance),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self.token,
            "RAY_gcs_storage": "rocksdb",
            "RAY_gcs_storage_path": str(state),
        }

    @property
    def address(self) -> str:
        """Where the dashboard of the head answers."""
        return f"http://{self._network.dashboard_host}:{self._ports['dashboard']}"

    @property
    def names(self) -> list[str]:
        """The nodes that have been added beside the head."""
        return [f"node-{number}" for number in range(1, self._count + 1)]

    def api(self) -> ServeApi:
        """A connection to the cluster's Serve; close it."""
        return ServeApi(self.address, self.token)

    def start_head(self) -> None:
        """Start the head, or start it again after it was killed; raises DeployFailed."""
        # Ray remembers here that the address is its own, and takes the raylets of the other nodes for a living head.
        (Path(self.instance.folder) / "ray" / "ray_current_cluster").unlink(missing_ok=True)
        self._start(
            HEAD,
            "--head",
            f"--port={self._ports['gcs']}",
            f"--dashboard-port={self._ports['dashboard']}",
            f"--dashboard-host={self._network.dashboard_host}",
            "--include-dashboard=true",
            f"--ray-client-server-port={self._ports['client']}",
            f"--temp-dir={self.instance.folder}/ray",
        )

    def add(self) -> str:
        """Start a further node; returns its name. Raises DeployFailed."""
        self._count += 1
        name = self.names[-1]
        self._start(name, f"--address={self.ip(HEAD)}:{self._ports['gcs']}")
        return name

    def kill(self, name: str) -> list[int]:
        """Kill -9 every process of a node; returns which those were."""
        killed = []
        for process in self.processes(name):
            with suppress(psutil.NoSuchProcess):
                process.kill()
                killed.append(process.pid)
        return killed

    def processes(self, name: str) -> list[psutil.Process]:
        """The processes of a node."""
        return [process for process in self.instance.processes() if _node_of(process) == name]

    def ip(self, name: str) -> str:
        """The address of a node."""
        return self._network.address(self._number(name))

    def _number(self, name: str) -> int:
        return [HEAD, *self.names].index(name)

    def _start(self, name: str, *options: str) -> None:
        """Ray gives a node half a minute, which a busy machine may miss: so it is tried again."""
        reason = ""
        for _ in range(_ATTEMPTS):
            reason = self._why_not_started(name, options)
            if not reason:
                return
            self.kill(name)
        raise DeployFailed(((name, reason),))

    def _why_not_started(self, name: str, options: Sequence[str]) -> str:
        ray = (sys.executable, "-m", "ray.scripts.scripts", "start", f"--node-ip-address={self.ip(name)}")
        command = self._network.inside(self._number(name), [*ray, *_SMALL, *options])
        log = Path(self.instance.folder) / f"{name}.log"
        with log.open("w") as told:
            try:
                done = subprocess.run(  # noqa: S603
                    command,
                    check=False,
                    env={**self._environ, _NODE: name},
                    stdin=subprocess.DEVNULL,
                    # Into a file: the daemons keep what they inherit open, and a pipe would never end.
                    stdout=told,
                    stderr=told,
                    timeout=_STARTED_WITHIN_S,
                )
            except subprocess.TimeoutExpired:
                return f"did not start within {_STARTED_WITHIN_S:g} s"
        return log.read_text()[-500:] if done.returncode else ""


@contextmanager
def local_nodes(
    port: int,
    environ: Mapping[str, str],
    nodes: int,
    networks: Callable[[], AbstractContextManager[NodeNetwork]] = loopback,
) -> Iterator[LocalNodes]:
    """A cluster of a head and ``nodes`` further nodes that is to serve on ``port``; nothing of it is left at the end.

    ``networks`` makes the networks of its nodes, and removes them once every process has ended.

    Raises:
        PortTaken: another server of ours is recorded for the port.
        DeployFailed: a node did not start, or its network cannot be made.
    """
    with networks() as network, _cleared(new_instance(port)) as instance:
        cluster = LocalNodes(instance, environ, network)
        cluster.start_head()
        for _ in range(nodes):
            cluster.add()
        yield cluster
        with suppress(ServerError), cluster.api() as api:
            api.stop()


@contextmanager
def _cleared(instance: Instance) -> Iterator[Instance]:
    try:
        yield instance
    finally:
        instance.clear()


def _node_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(_NODE)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return None


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on. Ray's workers keep to 10002-19999, below those that the system hands out."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
