"""Run code and its tests under limits: a script for a fresh interpreter, with the standard library alone.

Reads one JSON object from standard input (``code``, ``tests``, ``word``, ``memory_bytes``, ``most_s``) and writes
``word`` to standard output once code and tests have run to their ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys

_MOST_FILE_BYTES = 16 * 1024 * 1024


def limit(memory_bytes: int, most_s: int) -> None:
    """Bound this process's memory (bytes), time (seconds) and files, where the system can."""
    try:
        import resource
    except ImportError:  # not POSIX: the caller's time limit is all there is
        return
    signal.alarm(most_s)  # ends us even when whoever started us is gone and no longer looks at the clock
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (most_s, most_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_FILE_BYTES, _MOST_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Run what standard input says."""
    work = json.load(sys.stdin)
    report = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)  # the code shall not read the word
    os.dup2(nothing, 1)  # and what it prints is not the report
    limit(work["memory_bytes"], work["most_s"])
    namespace: dict[str, object] = {"__name__": "answer"}
    for name in ("code", "tests"):
        exec(compile(work[name], f"<{name}>", "exec"), namespace)  # noqa: S102 - this is what the script is for
    os.write(report, work["word"].encode())


if __name__ == "__main__":
    main()
