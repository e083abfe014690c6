from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stigmergy.deployments import serve_environment as room
from stigmergy.deployments.instance import MARKER, Instance
from stigmergy.deployments.serve_environment import serve_environment
from stigmergy.platform.settings import ServingConfig

TEMPLATE = (
    "defaults\n    option abortonclose\n    option splice-request\n    option splice-response\n"
    "listen stats\n  bind *:{stats}\nfrontend metrics\n    bind :{metrics}\nfrontend http\n    bind {host}:8700\n"
)


def instance(folder: Path, marker: str = "ab" * 16) -> Instance:
    return Instance(marker, os.getpid(), 0.0, 8765, str(folder))


def test_without_haproxy_serve_is_plain_and_every_process_is_marked(tmp_path: Path) -> None:
    found = serve_environment(ServingConfig(haproxy="off", drain_s=2.5), instance(tmp_path))
    assert found[MARKER] == "ab" * 16
    assert found["RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S"] == "2.5"
    assert "RAY_SERVE_ENABLE_HA_PROXY" not in found


@pytest.mark.parametrize("host", ["127.0.0.1", "*", "10.0.0.1"])
def test_the_wrapper_keeps_haproxys_pages_and_nothing_else_on_loopback_and_has_it_see_callers_that_go_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    binary = tmp_path / "a binary's"
    binary.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    binary.chmod(0o700)
    monkeypatch.setattr(room, "_haproxy", lambda: str(binary))
    found = serve_environment(ServingConfig(), instance(tmp_path))
    config = tmp_path / "haproxy.cfg"
    stats, metrics = found["RAY_SERVE_HAPROXY_STATS_PORT"], found["RAY_SERVE_HAPROXY_METRICS_PORT"]
    config.write_text(TEMPLATE.format(stats=stats, metrics=metrics, host=host))
    command = [found["RAY_SERVE_HAPROXY_BINARY_PATH"], "-db", "-f", str(config), "-x", "a b"]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **found})
    assert ran.stdout.splitlines() == ["-db", "-f", str(config), "-x", "a b"]
    binds = [line.strip() for line in config.read_text().splitlines() if "bind" in line]
    assert binds == [f"bind 127.0.0.1:{stats}", f"bind 127.0.0.1:{metrics}", f"bind {host}:8700"]
    options = [line.strip() for line in config.read_text().splitlines() if "option" in line]
    assert options == ["option abortonclose", "option splice-response"]


@pytest.mark.parametrize("leads_a_group", [False, True])
def test_haproxy_has_the_process_id_that_serve_started_and_a_session_of_its_own_or_a_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leads_a_group: bool
) -> None:
    binary = tmp_path / "binary"
    binary.write_text("#!/bin/sh\nread -r pid _ _ _ group _ < /proc/$$/stat\necho $pid $group\n")
    binary.chmod(0o700)
    monkeypatch.setattr(room, "_haproxy", lambda: str(binary))
    wrapper = serve_environment(ServingConfig(), instance(tmp_path))["RAY_SERVE_HAPROXY_BINARY_PATH"]
    started = subprocess.Popen([wrapper], stdout=subprocess.PIPE, text=True, process_group=0 if leads_a_group else None)
    assert started.communicate()[0] == f"{started.pid} {started.pid}\n"


def test_all_files_of_haproxy_lie_in_the_folder_of_the_instance(tmp_path: Path) -> None:
    found = serve_environment(ServingConfig(), instance(tmp_path))
    paths = [value for value in found.values() if value.startswith("/")]
    assert paths
    assert all(value.startswith(str(tmp_path)) for value in paths)


def test_two_instances_share_no_port(tmp_path: Path) -> None:
    one = serve_environment(ServingConfig(haproxy="off"), instance(tmp_path, "0" * 32))
    two = serve_environment(ServingConfig(haproxy="off"), instance(tmp_path, "0" * 31 + "1"))
    ports = [int(found[name]) for found in (one, two) for name in found if name.endswith("_PORT")]
    assert len(ports) == 10
    assert len(set(ports)) == 10
    assert all(20_000 <= port < 30_000 for port in ports)
