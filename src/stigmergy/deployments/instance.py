"""One served instance on this machine: which processes belong to it, and how they are cleared when its driver died.

Every process that Ray and Serve start inherits the driver's environment, and with it a marker that is unique to the
instance. So what an instance left behind is found by that marker alone: never by a name, and never anything else.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from stigmergy.errors import DeployFailed, PortTaken

MARKER = "STIGMERGY_INSTANCE"
_GONE_WITHIN_S = 10.0
_STOPS_WITHIN_S = 75.0
_LOOK_EVERY_S = 0.05
_EMPTY_LOOKS = 4
_CLOCK_MAY_MOVE_S = 5.0
"""The system tells when a process started by a clock that is corrected now and then."""
_LONGEST_RUN_DIR = 20
"""Bytes: the path of a Unix socket may have 107, of which Ray uses 68 and the instance's folder 19."""


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
        return self._driver() is not None

    def processes(self) -> Iterator[psutil.Process]:
        """The processes that carry the instance's marker (the driver, which sets it, is not among them)."""
        for process in psutil.process_iter():
            try:
                if process.pid != os.getpid() and process.environ().get(MARKER) == self.id:
                    yield process
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue

    def listeners(self) -> int:
        """How many processes of the instance accept connections on its port."""
        return sum(_listens(process, self.port) for process in self.processes())

    def clear(self) -> int:
        """Kill what the instance left, delete its folder and its record; returns how many processes that were."""
        killed: set[int] = set()
        until = time.monotonic() + _GONE_WITHIN_S
        # Whoever is killed may just have started another, whose environment cannot be read until it has become the
        # program that it will be; so until nothing was seen several times. Only the dead whose parent does not look
        # after them stay visible, and they do not count as processes here.
        seen_empty = 0
        while seen_empty < _EMPTY_LOOKS and time.monotonic() < until:
            found = list(self.processes())
            seen_empty = 0 if found else seen_empty + 1
            for process in found:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
                killed.add(process.pid)
            time.sleep(_LOOK_EVERY_S)
        shutil.rmtree(self.folder, ignore_errors=True)
        if recorded_instance(self.port) == self:
            record_path(self.port).unlink(missing_ok=True)
        return len(killed)

    def kill_replicas(self, deployment: str) -> int:
        """Kill the replicas of a deployment, for drills and tests; returns how many there were."""
        title = f"ray::ServeReplica:stigmergy:{deployment}"
        victims = [process for process in self.processes() if process.cmdline() and _is_titled(process, title)]
        for victim in victims:
            victim.kill()
        return len(victims)

    def ask_to_stop(self) -> bool:
        """Tell a living driver to shut down, and wait until it has; one that has not after 75 s is killed: False."""
        driver = self._driver()
        if driver is None:
            return True
        with suppress(psutil.NoSuchProcess):
            driver.send_signal(signal.SIGTERM)
        until = time.monotonic() + _STOPS_WITHIN_S
        while self.alive:
            if time.monotonic() > until:
                driver.kill()
                return False
            time.sleep(_LOOK_EVERY_S)
        return True

    def _driver(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _CLOCK_MAY_MOVE_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def _listens(process: psutil.Process, port: int) -> bool:
    try:
        found = process.net_connections("tcp")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in found)


def _is_titled(process: psutil.Process, title: str) -> bool:
    """Whether a worker's title is this one; while it works, Ray appends the name of the method."""
    shown = process.cmdline()[0]
    return shown == title or shown.startswith(f"{title}.")


def new_instance(port: int) -> Instance:
    """An instance with this process as its driver, recorded before anything of it is started.

    Raises:
        PortTaken: another server was recorded for the port in the meantime.
        DeployFailed: the folder for sockets or the record cannot be made.
    """
    marker = uuid.uuid4().hex
    # Ray puts Unix sockets here, whose paths may not exceed 107 bytes; so not below the user's folder.
    run_dir = Path(os.environ.get("STIGMERGY_RUN_DIR", "/tmp"))  # noqa: S108
    if len(os.fsencode(run_dir)) > _LONGEST_RUN_DIR:
        raise DeployFailed(
            (("STIGMERGY_RUN_DIR", f"{run_dir} has more than {_LONGEST_RUN_DIR} bytes; sockets go there"),)
        )
    folder = run_dir / f"stigmergy-{marker[:8]}"
    instance = Instance(marker, os.getpid(), psutil.Process().create_time(), port, str(folder))
    try:
        folder.mkdir(mode=0o700)
        _record(instance, folder)
    except FileExistsError:
        shutil.rmtree(folder, ignore_errors=True)
        raise PortTaken(port, "another server of ours is being started on it") from None
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise DeployFailed(((str(error.filename), error.strerror or str(error)),)) from None
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


def _record(instance: Instance, folder: Path) -> None:
    """Write the record whole or not at all; raises FileExistsError where there is a readable one."""
    path = record_path(instance.port)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if recorded_instance(instance.port) is None:
        path.unlink(missing_ok=True)
    draft = path.with_name(f"{path.name}.{folder.name}")
    draft.write_text(json.dumps(asdict(instance)))
    try:
        # Unlike a rename, a link never replaces: of two servers that start at once, one is told.
        os.link(draft, path)
    finally:
        draft.unlink()
