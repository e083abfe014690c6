"""One round: tasks come in, and a node, or the head, is killed with everything on it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from stigmergy.bench.chaos.findings import Findings
from stigmergy.bench.chaos.load import Load, Sending, ends
from stigmergy.bench.chaos.rounds import settled, wait_for
from stigmergy.bench.chaos.stage import STEPS
from stigmergy.bench.chaos.work import NOTES, SECONDS, executions
from stigmergy.bench.cluster.recovery import p50_and_p99, recoveries
from stigmergy.bench.cluster.stage import ClusterStage
from stigmergy.client import Client
from stigmergy.deployments.local_nodes import HEAD

_WORK_S = 0.3
_REPLICA = "ray::ServeReplica"
_PATIENCE_S = 600.0
"""Starting the head takes as long as Ray takes on this machine, and meanwhile nobody answers: that alone is no loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRound:
    """What was killed, what was lost, and how soon the tasks that ran there went on elsewhere, in seconds.

    ``interrupted`` counts these tasks; the quantiles are None where it is 0. ``back_after_s`` is the time until the
    gateway answered again; None where its proxy was not struck.
    """

    seed: int
    node: str
    killed: int
    replicas: int
    interrupted: int
    recovery_p50_s: float | None
    recovery_p99_s: float | None
    back_after_s: float | None
    seconds: float
    findings: Findings

    @property
    def kept(self) -> bool:
        """Whether something was killed and every promise held."""
        return bool(self.killed) and self.findings.kept


def node_round(stage: ClusterStage, client: Client, seed: int, tasks: int) -> NodeRound:
    """Kill one of the nodes on which most replicas run, with -9; only after the round a new one takes its place."""
    node, replicas = _victim(stage, random.Random(seed))
    done = _round(stage, client, seed, tasks, Blow(node, replicas, lambda: Struck(stage.nodes.kill(node))))
    stage.nodes.add()
    return done


def head_round(stage: ClusterStage, client: Client, seed: int, tasks: int) -> NodeRound:
    """Kill the head, with -9, and start it again at once with the state that it kept in files."""

    def strike() -> Struck:
        began, dead = time.monotonic(), stage.nodes.kill(HEAD)
        stage.nodes.start_head()
        stage.wait_until_ready()
        return Struck(dead, time.monotonic() - began)

    return _round(stage, client, seed, tasks, Blow(HEAD, _replicas(stage, HEAD), strike))


@dataclass(frozen=True, slots=True)
class Struck:
    """The processes that died, and how long the gateway did not answer, if its proxy was among them."""

    dead: Collection[int]
    back_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Blow:
    """What is killed: a node with so many replicas; ``strike`` does it."""

    node: str
    replicas: int
    strike: Callable[[], Struck]


def _round(stage: ClusterStage, client: Client, seed: int, tasks: int, blow: Blow) -> NodeRound:
    name = f"{blow.node}-{seed}"
    began, notes = time.monotonic(), stage.folder / f"{name}.jsonl"
    sending = Sending(client, Load(name, tasks, {NOTES: str(notes), SECONDS: str(_WORK_S)}, _PATIENCE_S))
    wait_for(notes, random.Random(seed).randrange(tasks // 2, (len(STEPS) - 1) * tasks))
    struck_at, struck = time.time(), blow.strike()
    ids = sending.accepted()
    ends(client, ids)
    stood_still = recoveries(executions(notes), struck.dead, struck_at)
    p50, p99 = p50_and_p99(stood_still)
    return NodeRound(
        seed=seed,
        node=blow.node,
        killed=len(struck.dead),
        replicas=blow.replicas,
        interrupted=len(stood_still),
        recovery_p50_s=p50,
        recovery_p99_s=p99,
        back_after_s=struck.back_after_s,
        findings=asyncio.run(settled(stage.database.url, ids, notes)),
        seconds=time.monotonic() - began,
    )


def _victim(stage: ClusterStage, rng: random.Random) -> tuple[str, int]:
    """One of the nodes on which most replicas run, and how many these are; never the head."""
    counts = {name: _replicas(stage, name) for name in stage.nodes.names}
    most = max(counts.values())
    return rng.choice([name for name, count in counts.items() if count == most]), most


def _replicas(stage: ClusterStage, name: str) -> int:
    return sum(_REPLICA in " ".join(process.cmdline()[:1]) for process in stage.nodes.processes(name))
