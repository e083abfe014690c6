"""One served instance on this machine: which processes belong to it, and how they are cleared when its driver died.

Every process that Ray and Serve start inherits the driver's environment, and with it a marker that is unique to the
instance. So what an instance left behind is found by that marker alone: never by a name, and never anything else.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

MARKER = "STIGMERGY_INSTANCE"
_GONE_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Instance:
    """A served instance: its marker, its driver, its port, and the folder of its sockets and logs."""

    id: str
    pid: int
    started: float
    """When the driver started, by the operating system: tells it from a later process of the same pid."""
    port: int
    folder: str

    @property
    def alive(self) -> bool:
        """Whether the driver still runs."""
        try:
            return psutil.Process(self.pid).create_time() == self.started
        except psutil.NoSuchProcess:
            return False

    def processes(self) -> Iterator[psutil.Process]:
        """The processes that carry the instance's marker (the driver, which sets it, is not among them)."""
        for process in psutil.process_iter():
            try:
                if process.pid != os.getpid() and process.environ().get(MARKER) == self.id:
                    yield process
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue

    def clear(self) -> int:
        """Kill what the instance left, delete its folder and its record; returns how many processes that were."""
        killed = 0
        # Whoever is killed may just have started another, so until nothing is left; an orphan of init needs no wait.
        while found := list(self.processes()):
            for process in found:
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
            _, stubborn = psutil.wait_procs(found, timeout=_GONE_WITHIN_S)
            killed += len(found)
            if stubborn:
                break
        shutil.rmtree(self.folder, ignore_errors=True)
        record_path(self.port).unlink(missing_ok=True)
        return killed

    def ask_to_stop(self) -> bool:
        """Tell a living driver to shut down, and wait until it has; False if it would not within 60 s."""
        try:
            driver = psutil.Process(self.pid)
            driver.send_signal(signal.SIGTERM)
            driver.wait(timeout=60)
        except psutil.NoSuchProcess:
            return True
        except psutil.TimeoutExpired:
            return False
        return True


def new_instance(port: int) -> Instance:
    """An instance with this process as its driver, recorded before anything of it is started."""
    marker = uuid.uuid4().hex
    # Ray puts Unix sockets here, whose paths may not exceed 107 bytes; so not below the user's folder.
    folder = Path(os.environ.get("STIGMERGY_RUN_DIR", "/tmp")) / f"stigmergy-{marker[:8]}"  # noqa: S108
    folder.mkdir(mode=0o700)
    instance = Instance(marker, os.getpid(), psutil.Process().create_time(), port, str(folder))
    path = record_path(port)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(instance)))
    return instance


def recorded_instance(port: int) -> Instance | None:
    """The instance that was last started on a port and not stopped cleanly; None when there is none."""
    try:
        return Instance(**json.loads(record_path(port).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def record_path(port: int) -> Path:
    """Where the instance of a port is recorded, for every folder and virtual environment of this user alike."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return home / "stigmergy" / f"instance-{port}.json"
