"""What is served: the steps of the chaos bench on a head and two further nodes, deployed as on any Ray cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from stigmergy.bench.chaos.postgres import Postgres, postgres
from stigmergy.bench.chaos.stage import chaos_config, free_port
from stigmergy.deployments.local_nodes import LocalNodes, local_nodes
from stigmergy.deployments.rollout import read_rollout, roll_out
from stigmergy.errors import ServerUnreachable

STORE = "STIGMERGY_STORE_URL"
"""The variable that tells the processes of the cluster, and nobody else, where the store is."""
NODES = 2
_DEPLOYED_WITHIN_S = 180.0
_READY_WITHIN_S = 120.0
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class ClusterStage:
    """A cluster with its database, where its gateway answers, and a folder for notes."""

    url: str
    port: int
    nodes: LocalNodes
    database: Postgres
    folder: Path

    def deploy(self, price: str = "0.001") -> None:
        """Roll the application out; another price makes another version of its graph."""
        path = self.folder / "chaos.yaml"
        path.write_text(chaos_config(self.port, f"${{{STORE}}}", price))
        with self.nodes.api() as api:
            roll_out(api, read_rollout(path, {}, "."), _DEPLOYED_WITHIN_S)

    def wait_until_ready(self) -> None:
        """Wait until the gateway answers; raises ServerUnreachable."""
        until, reason = time.monotonic() + _READY_WITHIN_S, ""
        while time.monotonic() < until:
            try:
                reason = httpx.get(f"{self.url}/readyz", timeout=5).raise_for_status().reason_phrase
            except httpx.HTTPError as error:
                reason = str(error)
                time.sleep(_LOOK_EVERY_S)
            else:
                return
        raise ServerUnreachable(self.url, reason)


@contextmanager
def cluster_stage(folder: Path) -> Iterator[ClusterStage]:
    """Start PostgreSQL and the nodes, deploy, and stop everything in the end."""
    port = free_port()
    with postgres() as database, local_nodes(port, {**os.environ, STORE: database.url}, NODES) as nodes:
        stage = ClusterStage(f"http://127.0.0.1:{port}", port, nodes, database, folder)
        stage.deploy()
        stage.wait_until_ready()
        yield stage
