"""What Ray Serve reads from the environment, set before it is imported: the fast mode, contained to loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from stigmergy.deployments.haproxy_wrapper import haproxy_binary, write_wrapper
from stigmergy.deployments.instance import MARKER, Instance
from stigmergy.errors import DeployFailed
from stigmergy.platform.settings import ServingConfig

FRONT_DOOR = "stigmergy.deployments.front_door:middlewares"
"""Named, not imported: it brings the whole application with it."""

# Below the ports that systems hand out by themselves, of which Ray takes two dozen while it starts.
_FIRST_PORT = 20_000
_BLOCK = 200
_BLOCKS = 50


def serve_environment(serving: ServingConfig, instance: Instance) -> Mapping[str, str]:
    """The variables to set before Ray and Serve are imported.

    With HAProxy: Serve's fast mode, its files in the instance's folder, and a wrapper that keeps its statistics pages
    on loopback and has it see callers that go away. Without: plain Serve.
    """
    common = {
        MARKER: instance.id,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_SERVE_LOG_TO_STDERR": "0",
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": f"{serving.drain_s:g}",
        **_ports(instance),
    }
    binary = _haproxy() if serving.haproxy == "auto" else None
    if binary is None:
        return common
    # Short: the path of a socket in a folder of 50 letters below it may have 97 bytes.
    folder = Path(instance.folder) / "h"
    folder.mkdir(mode=0o700, exist_ok=True)
    wrapper = folder / "haproxy-on-loopback"
    write_wrapper(wrapper, binary)
    return common | {
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": FRONT_DOOR,
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(wrapper),
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(folder / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(folder / "admin.sock"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(folder / "metrics.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(folder),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(folder / "server-state"),
    }


def _ports(instance: Instance) -> Mapping[str, str]:
    """Ports that no other instance uses.

    Serve's defaults are fixed: a second server would fail or, worse, be sent the first one's requests.

    Raises:
        DeployFailed: no block of ports is free.
    """
    block = next(_free_blocks(int(instance.id, 16)), None)
    if block is None:
        raise DeployFailed((("ports", f"none of {_FIRST_PORT} to {_FIRST_PORT + _BLOCKS * _BLOCK - 1} are free"),))
    stats, metrics, fallback, *replicas = block
    return {
        "RAY_SERVE_HAPROXY_STATS_PORT": str(stats),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(metrics),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(fallback),
        "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(replicas[0]),
        "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(replicas[-1]),
    }


def _free_blocks(start: int) -> Iterator[range]:
    """Blocks whose first ports nobody listens on, in an order of the instance's own."""
    for offset in range(_BLOCKS):
        first = _FIRST_PORT + (start + offset) % _BLOCKS * _BLOCK
        if all(_is_free(port) for port in range(first, first + 4)):
            yield range(first, first + _BLOCK)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _haproxy() -> str | None:
    """The HAProxy binary that comes with Ray Serve; None where there is none."""
    try:
        return haproxy_binary()
    except (ImportError, FileNotFoundError):
        return None
