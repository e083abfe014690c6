"""Three nodes with a network each, as machines have one: a proxy on every node, and one node killed under load."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from stigmergy.bench.chaos.postgres import postgres

KEY = "a key"
QUESTION: Any = {"model": "main", "messages": [{"role": "user", "content": "a task"}]}
CONFIG = """
agents:
  near: {{kind: scripted, replies: ["near"], price: {{per_call: "0.001"}}}}
  far: {{kind: scripted, replies: ["an answer"], price: {{per_call: "0.001"}}, runs: deployment,
         deployment: {{num_replicas: 3, num_cpus: 1}}}}
graphs: {{main: {{stages: [[near], [far]], router: cheapest}}}}
routers: {{cheapest: {{kind: cheapest}}}}
tenants: {{main: {{keys: {{first: {{env: STIGMERGY_API_KEY}}}}}}}}
serving: {{host: 0.0.0.0, port: {port}, proxies: every_node, gateway_replicas: 3, gateway_num_cpus: 2}}
store: {{url: "${{STIGMERGY_STORE_URL}}"}}
"""

pytestmark = [pytest.mark.ray, pytest.mark.timeout(600)]


def networks() -> set[str]:
    """The namespaces and links of our nodes."""
    named = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True).stdout.split()
    links = (path.name for path in Path("/sys/class/net").iterdir())
    return {name for name in (*named, *links) if name.startswith("sg")}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Any]:
    """A head and two further nodes that serve, gone in the end with their networks."""
    from stigmergy.deployments.local_nodes import local_nodes
    from stigmergy.deployments.node_networks import namespaces, why_no_namespaces
    from stigmergy.deployments.rollout import read_rollout, roll_out

    if reason := why_no_namespaces():
        pytest.skip(f"network namespaces cannot be made here: {reason}")
    folder, before = tmp_path_factory.mktemp("nodes"), networks()
    with pytest.MonkeyPatch.context() as patched, postgres() as database:
        patched.setenv("XDG_STATE_HOME", str(folder))
        told = {"STIGMERGY_STORE_URL": database.url, "STIGMERGY_API_KEY": KEY}
        with local_nodes(free_port(), {**os.environ, **told}, nodes=2, networks=namespaces) as cluster:
            config = folder / "stigmergy.yaml"
            config.write_text(CONFIG.format(port=cluster.instance.port))
            with cluster.api() as api:
                roll_out(api, read_rollout(config, told, "."), 180)
            yield cluster
    assert list(cluster.instance.processes()) == []
    assert not Path(cluster.instance.folder).exists()
    assert networks() == before


def url(nodes: Any, name: str) -> str:
    return f"http://{nodes.ip(name)}:{nodes.instance.port}"


def is_healthy(nodes: Any, name: str) -> bool:
    with suppress(httpx.HTTPError):
        answers = [httpx.get(f"{url(nodes, name)}{path}", timeout=5) for path in ("/-/healthz", "/readyz")]
        return all(answer.is_success for answer in answers)
    return False


def haproxy(nodes: Any, name: str) -> psutil.Process:
    """The newest HAProxy of a node."""
    found: psutil.Process = max(
        (process for process in nodes.processes(name) if process.name() == "haproxy"), key=psutil.Process.create_time
    )
    return found


def test_the_proxy_of_every_node_answers_and_shows_its_pages_to_nobody(
    nodes: Any, eventually: Callable[..., object]
) -> None:
    for name in ("head", *nodes.names):
        eventually(lambda name=name: is_healthy(nodes, name), 60)
        headers = {"authorization": f"Bearer {KEY}"}
        answer = httpx.post(f"{url(nodes, name)}/v1/chat/completions", headers=headers, json=QUESTION, timeout=30)
        assert (answer.status_code, answer.json()["choices"][0]["message"]["content"]) == (200, "an answer")
        told = haproxy(nodes, name).environ()
        for page in ("STATS", "METRICS"):
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"http://{nodes.ip(name)}:{told[f'RAY_SERVE_HAPROXY_{page}_PORT']}", timeout=5)


def ask_on(address: str, over: threading.Event) -> Counter[str]:
    """One question after the other, as the official client asks: it tries an interrupted one twice again."""
    from openai import OpenAI

    answers = Counter[str]()
    with OpenAI(base_url=f"{address}/v1", api_key=KEY, timeout=30) as client:
        while not over.is_set():
            answers[client.chat.completions.create(**QUESTION).choices[0].message.content] += 1
    return answers


def test_with_a_node_killed_under_load_the_others_lose_no_request(
    nodes: Any, eventually: Callable[..., object]
) -> None:
    victim, other = nodes.names
    addresses = [url(nodes, name) for name in ("head", other)]
    for name in ("head", other):
        eventually(lambda name=name: is_healthy(nodes, name), 60)
    over = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask_on, address, over) for address in addresses * 2]
        try:
            time.sleep(2)
            gateways = [each for each in nodes.processes(victim) if "ServeReplica" in " ".join(each.cmdline()[:1])]
            killed = nodes.kill(victim)
            time.sleep(8)
        finally:
            over.set()
    assert {each.pid for each in gateways} < set(killed)
    assert gateways
    assert all(set(each.result()) == {"an answer"} for each in asking)
    assert not is_healthy(nodes, victim)
