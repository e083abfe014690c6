"""A Ray cluster of several nodes: deployed to, told about, hurt, and gone in the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stigmergy import Client
from stigmergy.bench.chaos.postgres import postgres

STIGMERGY = (sys.executable, "-c", "from stigmergy.cli.main import app; app()")
CONFIG = """
agents:
  near: {{kind: scripted, replies: ["{answer}"], price: {{per_call: "0.001"}}}}
  far:
    kind: scripted
    replies: ["{answer}"]
    price: {{per_call: "0.001"}}
    runs: deployment
    deployment: {{placement: [{{"node:{far}": 0.01}}]}}
graphs: {{main: {{stages: [[near], [far]], router: cheapest}}}}
routers: {{cheapest: {{kind: cheapest}}}}
serving: {{port: {port}, proxies: head, gateway_replicas: 2}}
store: {{url: "{store}"}}
"""

pytestmark = [pytest.mark.ray, pytest.mark.timeout(900)]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def two_nodes(state: Path, free_port: Callable[[], int]) -> Iterator[Any]:
    """A head and one further node that know where a PostgreSQL is."""
    from stigmergy.deployments.local_nodes import local_nodes

    with postgres() as database:
        with local_nodes(free_port(), {**os.environ, "STIGMERGY_STORE_URL": database.url}, nodes=1) as nodes:
            yield nodes
        assert list(nodes.instance.processes()) == []
        assert not Path(nodes.instance.folder).exists()


def run(nodes: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "RAY_AUTH_TOKEN": nodes.token, "RAY_API_SERVER_ADDRESS": nodes.address}
    command = [*STIGMERGY, *arguments]
    return subprocess.run(command, check=False, env=environ, capture_output=True, text=True, timeout=240)


def test_a_configuration_is_deployed_changed_and_told_about_on_two_nodes(two_nodes: Any, state: Path) -> None:
    port, config, far = two_nodes.instance.port, state / "stigmergy.yaml", two_nodes.ip("node-1")
    for store, said in (("sqlite:///a.db", "a sqlite store is for one node, and the cluster has 2"), ("${NOT}", "NOT")):
        config.write_text(CONFIG.format(answer="one", port=port, far=far, store=store))
        refused = run(two_nodes, "deploy", str(config))
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
        assert said in refused.stderr
    seen = {}
    with Client(f"http://127.0.0.1:{port}") as client:
        for answer in ("one", "another"):
            written = CONFIG.format(answer=answer, port=port, far=far, store="${STIGMERGY_STORE_URL}")
            config.write_text(written)
            deployed = run(two_nodes, "deploy", str(config), "--json")
            assert deployed.returncode == 0, deployed.stderr
            assert client.submit("a task").answer == answer
            status = run(two_nodes, "status", "--url", f"http://127.0.0.1:{port}", "--json")
            assert status.returncode == 0, status.stderr + status.stdout
            told = json.loads(status.stdout)
            seen[told["gateway"]["config"]] = told
    assert len(seen) == 2
    assert {told["gateway"]["store"] for told in seen.values()} == {"postgresql"}
    cluster = told["cluster"]
    assert [node["state"] for node in cluster["nodes"]] == ["ALIVE", "ALIVE"]
    assert [each["name"] for each in cluster["deployments"]] == ["agent-far", "coordinator", "gateway"]
    assert {each["status"] for each in cluster["deployments"]} == {"HEALTHY"}
    # Serve spreads replicas where it can; the one agent that is placed must lie where its configuration says.
    assert cluster["deployments"][0]["nodes"] == [far]


def bench(state: Path, *kinds: str) -> list[dict[str, Any]]:
    options = [option for kind in kinds for option in ("--kind", kind)]
    command = [*STIGMERGY, "bench", "cluster", "--rounds", "1", "--json", *options]
    done = subprocess.run(command, check=False, cwd=state, capture_output=True, text=True, timeout=840)
    assert done.stdout, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert [each["kind"] for each in told["rounds"]] == list(kinds)
    assert (told["kept"], done.returncode) == (True, 0), told["rounds"]
    rounds: list[dict[str, Any]] = told["rounds"]
    return rounds


def test_no_task_is_lost_with_a_node_and_no_request_fails_in_a_rollout(state: Path) -> None:
    rollout, node = bench(state, "rollout", "node")
    assert rollout["outcomes"] == {"completed": rollout["requests"]}
    assert node["interrupted"] > 0
    assert node["recovery_p99_s"] > 0


def test_no_task_is_lost_when_the_head_is_killed_and_started_again(state: Path) -> None:
    (head,) = bench(state, "head")
    assert head["findings"]["statuses"] == {"completed": head["findings"]["accepted"]}
    assert head["back_after_s"] > 0
