"""What is served while things are killed: three steps, two gateways, two workers, one PostgreSQL."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stigmergy.bench.chaos.postgres import Postgres, postgres
from stigmergy.deployments.instance import Instance, recorded_instance
from stigmergy.deployments.local_cluster import local_cluster
from stigmergy.errors import ServerUnreachable
from stigmergy.platform.settings import Settings, settings_from

STEPS = ("first", "second", "third")
_AGENT = '{{kind: tool, callable: "stigmergy.bench.chaos.work:work", price: {{per_call: "{price}"}}, timeout_s: 20}}'
# Leases are short, so that a round need not wait long for an heir. Room is little, so that tasks run everywhere.
_CONFIG = """
agents: {{{agents}}}
graphs: {{chaos: {{stages: {stages}, router: cheapest}}}}
routers: {{cheapest: {{kind: cheapest}}}}
engine: {{lease_s: 2, max_runs: 10, max_running: 4, max_attempts: 5}}
workers: {{replicas: 2, max_running: 8}}
serving: {{port: {port}, gateway_replicas: 2, proxies: head}}
coordination: {{checkpoint_s: 0.5}}
store: {{url: "{store}"}}
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A served application: where it answers, what it consists of, and where notes go."""

    url: str
    instance: Instance
    database: Postgres
    folder: Path


@contextmanager
def served_stage(folder: Path) -> Iterator[Stage]:
    """Start PostgreSQL, Ray and Serve, and stop everything in the end."""
    with postgres() as database:
        port = free_port()
        with local_cluster(chaos_settings(port, database.url)) as url:
            instance = recorded_instance(port)
            if instance is None:
                raise ServerUnreachable(url, "its record is gone")
            yield Stage(url, instance, database, folder)


def chaos_settings(port: int, store: str) -> Settings:
    """What is served on ``port`` and kept at ``store``."""
    return settings_from(chaos_config(port, store), {})


def chaos_config(port: int, store: str, price: str = "0.001") -> str:
    """The same as text; another ``price`` makes another version of the graph."""
    agents = ", ".join(f"{step}: {_AGENT.format(price=price)}" for step in STEPS)
    stages = "[" + ", ".join(f"[{step}]" for step in STEPS) + "]"
    return _CONFIG.format(agents=agents, stages=stages, port=port, store=store)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
