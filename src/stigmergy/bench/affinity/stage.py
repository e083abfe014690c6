"""Ray and Serve for the bench, and a routing's replicas on them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stigmergy.agents.models.replica_routing import ReplicaRoutingConfig
from stigmergy.bench.affinity.probe import Probe
from stigmergy.bench.affinity.system import Scene
from stigmergy.bench.gateway.processes import free_port, wait_until_ready
from stigmergy.deployments.local_cluster import local_cluster
from stigmergy.platform.settings import settings_from

_READY_WITHIN_S: Final = 60.0
_ANSWERED_WITHIN_S: Final = 120.0
_CONFIG: Final = """
agents: {{idle: {{kind: scripted, replies: ["-"], price: {{}}}}}}
graphs: {{main: {{stages: [[idle]], router: any}}}}
routers: {{any: {{kind: random}}}}
serving: {{port: {port}}}
store: {{url: "sqlite:///{folder}/bench.db"}}
"""


class Served:
    """Replicas on Serve, asked by their caller."""

    def __init__(self, url: str) -> None:
        self._url = url

    def warm_up(self, rate: float) -> None:
        """See ``System``."""
        self._post(f"warm-up/{rate:.6f}")

    def probe(self, rate: float) -> Probe:
        """See ``System``."""
        return Probe(**self._post(f"probe/{rate:.6f}"))

    def _post(self, path: str) -> dict[str, Any]:
        asked = urllib.request.Request(f"{self._url}/{path}", method="POST")  # noqa: S310 - our own URL
        with urllib.request.urlopen(asked, timeout=_ANSWERED_WITHIN_S) as answer:  # noqa: S310
            return dict(json.load(answer))


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Ray and Serve on this machine, as a served configuration has them; yields their URL."""
    settings = settings_from(_CONFIG.format(port=free_port(), folder=folder), {}, "affinity bench")
    with local_cluster(settings) as url:
        yield url


@contextmanager
def on_serve(url: str, name: str, scene: Scene, routing: ReplicaRoutingConfig) -> Iterator[Served]:
    """Replicas that share requests by this routing, as long as they are asked."""
    # Serve reads its environment when it is imported, and the local cluster has just set it.
    from stigmergy.bench.affinity.served import serve_replicas, stop_replicas

    serve_replicas(name, scene, routing)
    try:
        wait_until_ready(f"{url}/{name}/ready", _READY_WITHIN_S)
        yield Served(f"{url}/{name}")
    finally:
        stop_replicas(name)
