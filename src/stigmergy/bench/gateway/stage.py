"""Everything that is measured, side by side: the upstream, one Ray with bare Serve and the gateway in it, a peer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stigmergy.bench.gateway.litellm_peer import running_litellm
from stigmergy.bench.gateway.processes import free_port, running_upstream, wait_until_ready
from stigmergy.bench.gateway.system import DELAYS_MS, System, delayed_model, delayed_path, plain_path, upstream_url
from stigmergy.deployments.instance import Instance, recorded_instance
from stigmergy.deployments.local_cluster import local_cluster
from stigmergy.errors import ServerUnreachable
from stigmergy.platform.settings import Settings, settings_from

_READY_WITHIN_S: Final = 60.0
# Two models at two prices in each graph, so that there is something to route; the log is on, and nothing is judged.
_MODEL: Final = (
    '{{kind: openai_compatible, model: fake, base_url: "{url}", api_key_env: null, '
    'price: {{per_million_input: "{price}", per_million_output: "{price}"}}}}'
)
_AGENT: Final = "{{kind: llm, model: {model}, caps: {{max_input_tokens: 4000, max_output_tokens: 500}}}}"
_CONFIG: Final = """
models: {{{models}}}
agents: {{{agents}}}
graphs: {{{graphs}}}
routers: {{colony: {{kind: ant_colony}}}}
serving: {{port: {port}, gateway_replicas: {replicas}}}
store: {{url: "{store}"}}
"""
_PRICES: Final = {"small": "0.15", "large": "2.5"}


@dataclass(frozen=True, slots=True)
class Stage:
    """What is served, and by which processes of ours."""

    systems: Sequence[System]
    instance: Instance


@contextmanager
def served_stage(folder: Path, replicas: int, peer_python: Path | None) -> Iterator[Stage]:
    """Start everything, and stop it in the end; the store is SQLite in the folder."""
    with ExitStack() as stack:
        upstream = stack.enter_context(running_upstream())
        port = free_port()
        settings = bench_settings(port, upstream, replicas, f"sqlite:///{folder}/bench.db")
        url = stack.enter_context(local_cluster(settings))
        _serve_bare(url, upstream)
        instance = recorded_instance(port)
        if instance is None:
            raise ServerUnreachable(url, "its record is gone")
        systems = _ours(port, upstream)
        if peer_python is not None:
            systems = (*systems, stack.enter_context(running_litellm(peer_python, upstream, folder)))
        yield Stage(systems, instance)


def bench_settings(port: int, upstream: int, replicas: int, store: str) -> Settings:
    """A graph for every delay of the upstream: two models, a colony that chooses."""
    models, agents, graphs = [], [], []
    for delay in DELAYS_MS:
        names = [f"{size}-{delay}" for size in _PRICES]
        for name, price in zip(names, _PRICES.values(), strict=True):
            models.append(f"{name}: {_MODEL.format(url=upstream_url(upstream, delay), price=price)}")
            agents.append(f"{name}: {_AGENT.format(model=name)}")
        graphs.append(f"{delayed_model(delay)}: {{stages: [[{', '.join(names)}]], router: colony}}")
    parts = {"models": ", ".join(models), "agents": ", ".join(agents), "graphs": ", ".join(graphs)}
    return settings_from(_CONFIG.format(**parts, port=port, replicas=replicas, store=store), {}, "gateway bench")


def _serve_bare(url: str, upstream: int) -> None:
    # Serve reads its environment when it is imported, and the local cluster has just set it.
    from stigmergy.bench.gateway.bare_serve import PREFIX, serve_bare

    serve_bare(upstream)
    wait_until_ready(f"{url}{PREFIX}/ready", _READY_WITHIN_S)


def _ours(port: int, upstream: int) -> tuple[System, ...]:
    def fake(_delay_ms: int) -> str:
        return "fake"

    def bare_path(delay_ms: int) -> str:
        return f"/bare{delayed_path(delay_ms)}"

    gateway = System(name="stigmergy", port=port, path=plain_path, model=delayed_model)
    return (
        System(name="direct", port=upstream, path=delayed_path, model=fake),
        System(name="bare_serve", port=port, path=bare_path, model=fake),
        gateway,
        System(name="stigmergy", port=port, path=plain_path, model=delayed_model, durable=True),
    )
