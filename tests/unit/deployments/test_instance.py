from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from stigmergy.deployments.instance import MARKER, Instance, new_instance, record_path, recorded_instance
from stigmergy.errors import DeployFailed, PortTaken

Sleeper = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture(autouse=True)
def short_run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture
def made() -> Iterator[Instance]:
    instance = new_instance(8765)
    yield instance
    instance.clear()


@pytest.fixture
def sleeper() -> Iterator[Sleeper]:
    started: list[subprocess.Popen[bytes]] = []

    def start(marker: str) -> subprocess.Popen[bytes]:
        # It says that it runs: before that, its environment is still this process's.
        code = "import sys, time; print('on', flush=True); time.sleep(60)"
        child = subprocess.Popen([sys.executable, "-c", code], env={MARKER: marker}, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def test_the_marker_finds_its_processes_and_no_others(made: Instance, sleeper: Sleeper) -> None:
    ours, other = sleeper(made.id), sleeper("another")
    assert [process.pid for process in made.processes()] == [ours.pid]
    assert made.clear() == 1
    ours.wait(timeout=5)
    assert other.poll() is None


def test_clearing_removes_folder_and_record(made: Instance) -> None:
    assert Path(made.folder).is_dir()
    assert recorded_instance(8765) == made
    made.clear()
    assert not Path(made.folder).exists()
    assert recorded_instance(8765) is None


def test_clearing_leaves_the_record_of_a_later_server_alone(made: Instance) -> None:
    replace(made, id="earlier", folder="/nowhere").clear()
    assert recorded_instance(8765) == made


def test_a_second_server_on_a_port_is_refused_and_leaves_nothing(made: Instance) -> None:
    before = set(Path(made.folder).parent.glob("stigmergy-*"))
    with pytest.raises(PortTaken):
        new_instance(8765)
    assert recorded_instance(8765) == made
    assert {path for path in Path(made.folder).parent.glob("stigmergy-*") if path not in before} == set()


def test_a_record_that_cannot_be_read_is_replaced() -> None:
    record_path(8766).parent.mkdir(parents=True)
    record_path(8766).write_text("{half")
    instance = new_instance(8766)
    assert recorded_instance(8766) == instance
    instance.clear()


def test_a_driver_lives_until_it_ends_and_a_later_process_of_its_pid_is_another(made: Instance) -> None:
    assert made.alive
    assert replace(made, started=made.started + 1).alive  # the system's clock was set
    assert not replace(made, started=made.started - 3600).alive
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    started = psutil.Process(child.pid).create_time()
    dead = Instance("x", child.pid, started, 1, "/nowhere")
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not dead.alive  # it is a zombie
    child.wait()
    assert not dead.alive


def test_a_driver_is_asked_to_stop(sleeper: Sleeper) -> None:
    child = sleeper("driver")
    driver = Instance("x", child.pid, psutil.Process(child.pid).create_time(), 1, "/nowhere")
    assert driver.ask_to_stop()
    assert not driver.alive


def test_a_folder_too_long_for_sockets_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STIGMERGY_RUN_DIR", str(tmp_path / ("x" * 40)))
    with pytest.raises(DeployFailed, match="STIGMERGY_RUN_DIR"):
        new_instance(8767)


def test_a_folder_that_is_not_there_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STIGMERGY_RUN_DIR", "/nowhere")
    with pytest.raises(DeployFailed, match="/nowhere"):
        new_instance(8767)
    assert recorded_instance(8767) is None
