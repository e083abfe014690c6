"""A configuration on its way to a cluster, which is a server of HTTP that says what a real one says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from stigmergy.deployments.cluster_status import cluster_status
from stigmergy.deployments.rollout import Rollout, read_rollout, roll_out
from stigmergy.deployments.serve_api import ServeApi, cluster_token
from stigmergy.errors import ClusterRefused, ClusterUnreachable, ConfigError, DeployFailed, RolloutTimedOut

CONFIG = """
agents: {a: {kind: scripted, replies: [x], price: {}}}
graphs: {main: {stages: [[a]], router: r}}
routers: {r: {kind: cheapest}}
serving: {port: 9100, proxies: head}
store: {url: "${STORE}"}
"""
NODES = {
    "data": {
        "summary": [
            {"raylet": {"nodeId": "n1", "nodeManagerAddress": "10.0.0.1", "state": "ALIVE", "isHeadNode": True,
                        "resourcesTotal": {"CPU": 4.0, "memory": 1.0}}},
            {"ip": "10.0.0.2", "raylet": {"nodeId": "n2", "state": "DEAD"}},
        ]
    }
}  # fmt: skip


class Cluster(BaseHTTPRequestHandler):
    """The REST API of a cluster with one application, which says ``status`` once something was put."""

    token: ClassVar[str] = "the token"
    status: ClassVar[str] = "RUNNING"
    message: ClassVar[str] = ""
    sent: ClassVar[list[dict[str, Any]]] = []

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self._is_known():
            self.sent.append(json.loads(body))
            self._answer(200, {})

    def do_GET(self) -> None:
        if not self._is_known():
            return
        if self.path.startswith("/nodes"):
            self._answer(200, NODES)
        elif self.path == "/api/version":
            self._answer(200, {"ray_version": "2.60.0"})
        else:
            self._answer(200, {"applications": self._applications(), "proxies": {"n1": PROXY}})

    def _applications(self) -> dict[str, Any]:
        if not self.sent:
            return {}
        replicas = [{"state": "RUNNING", "node_ip": "10.0.0.1"}, {"state": "RUNNING", "node_ip": "10.0.0.3"}]
        gateway = {"status": "HEALTHY", "message": "", "target_num_replicas": 2, "replicas": replicas}
        told = {"status": self.status, "message": self.message, "deployments": {"gateway": gateway}}
        return {each["name"]: {**told, "deployed_app_config": each} for each in self.sent[-1]["applications"]}

    def _is_known(self) -> bool:
        known = self.headers["authorization"] == f"Bearer {self.token}"
        if not known:
            self._answer(401, {"error": "Missing authentication token"})
        return known

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing of it belongs into the output of tests."""


PROXY = {"node_ip": "10.0.0.1", "status": "HEALTHY"}


@contextmanager
def serving(handler: type[Cluster]) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def cluster() -> Iterator[Callable[..., ServeApi]]:
    """A connection to a cluster that will tell of its application as given."""
    open_now: list[Any] = []

    def connect(status: str = "RUNNING", message: str = "", token: str | None = "the token") -> ServeApi:
        handler = type("One", (Cluster,), {"status": status, "message": message, "sent": []})
        server = serving(handler)
        api = ServeApi(server.__enter__(), token)
        open_now.extend((api, server))
        return api

    yield connect
    for each in reversed(open_now):
        each.__exit__(None, None, None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "stigmergy.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def rollout(file: Path) -> Rollout:
    return read_rollout(file, {}, "/srv")


def test_variables_are_sent_as_they_are_written_so_that_secrets_stay_on_the_cluster(file: Path) -> None:
    sent = read_rollout(file, {"STORE": "postgresql://user:secret@host/db"}, "/srv")
    assert sent.checked
    assert "secret" not in json.dumps(sent.document())
    assert sent.document()["applications"][0]["args"]["config"] == CONFIG


def test_where_variables_are_unknown_here_only_how_it_listens_is_read(rollout: Rollout) -> None:
    assert not rollout.checked
    told = rollout.document()
    assert (told["http_options"], told["proxy_location"]) == ({"host": "127.0.0.1", "port": 9100}, "HeadOnly")


def test_a_mistake_is_found_before_anything_is_sent(file: Path) -> None:
    file.write_text(CONFIG.replace("router: r", "router: missing"))
    with pytest.raises(ConfigError, match=r"graphs\.main\.router"):
        read_rollout(file, {"STORE": "memory:"}, ".")


@pytest.mark.parametrize("wrong", ["port: 99999999", "port: 9100, host: ${HOST}", "port: 9100, plug: 1"])
def test_a_mistake_in_how_it_listens_is_found_even_without_the_variables(file: Path, wrong: str) -> None:
    file.write_text(CONFIG.replace("port: 9100", wrong))
    with pytest.raises(ConfigError, match="serving"):
        read_rollout(file, {}, ".")


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_said_with_its_path(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "odd.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"odd\.yaml"):
        read_rollout(path, {}, ".")


def test_a_rollout_ends_when_the_cluster_runs_what_was_sent(cluster: Callable[..., ServeApi], rollout: Rollout) -> None:
    api = cluster()
    roll_out(api, rollout, within_s=5)
    assert cluster_status(api).healthy


def test_what_was_served_before_is_sent_along_and_the_same_again_changes_nothing(
    cluster: Callable[..., ServeApi], rollout: Rollout
) -> None:
    api, changed = cluster(), replace(rollout, config=CONFIG.replace("[x]", "[y]"))
    sent = []
    for each in (rollout, changed, changed):
        roll_out(api, each, within_s=5)
        sent.append(api.serving()["applications"]["stigmergy"]["deployed_app_config"]["args"])
    assert "before" not in sent[0]
    assert sent[1]["before"] == CONFIG
    assert sent[1] == sent[2]


def test_what_the_cluster_could_not_build_is_said_by_the_last_line_of_its_traceback(
    cluster: Callable[..., ServeApi], rollout: Rollout
) -> None:
    api = cluster("DEPLOY_FAILED", "Traceback:\n  File x\nConfigError: store.url: STORE is not set\n")
    with pytest.raises(DeployFailed, match=r"application: ConfigError: store\.url: STORE is not set"):
        roll_out(api, rollout, within_s=5)


def test_a_rollout_that_takes_too_long_says_how_far_it_is(cluster: Callable[..., ServeApi], rollout: Rollout) -> None:
    with pytest.raises(RolloutTimedOut, match="DEPLOYING"):
        roll_out(cluster("DEPLOYING"), rollout, within_s=0.2)


def test_a_cluster_that_wants_a_token_says_so(cluster: Callable[..., ServeApi], rollout: Rollout) -> None:
    with pytest.raises(ClusterRefused, match="RAY_AUTH_TOKEN"):
        roll_out(cluster(token=None), rollout, within_s=1)


def test_an_address_where_nobody_answers_is_named() -> None:
    with ServeApi("http://127.0.0.1:1") as api, pytest.raises(ClusterUnreachable, match=r"127\.0\.0\.1:1"):
        api.serving()


def test_the_status_tells_nodes_deployments_and_proxies(cluster: Callable[..., ServeApi], rollout: Rollout) -> None:
    api = cluster()
    assert cluster_status(api).application == "NOT_DEPLOYED"
    api.put(rollout.document())
    told = cluster_status(api)
    assert [(node.ip, node.state, node.head) for node in told.nodes] == [
        ("10.0.0.1", "ALIVE", True),
        ("10.0.0.2", "DEAD", False),
    ]
    (gateway,) = told.deployments
    assert (gateway.replicas, gateway.target, gateway.nodes) == ({"RUNNING": 2}, 2, ("10.0.0.1", "10.0.0.3"))
    assert (told.ray, told.proxies) == ("2.60.0", {"10.0.0.1": "HEALTHY"})


def test_the_token_is_found_where_ray_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("in a file\n")
    assert cluster_token({"RAY_AUTH_TOKEN": "given", "RAY_AUTH_TOKEN_PATH": str(path)}) == "given"
    assert cluster_token({"RAY_AUTH_TOKEN_PATH": str(path)}) == "in a file"
    assert cluster_token({"RAY_AUTH_TOKEN_PATH": str(tmp_path / "none")}) is None
