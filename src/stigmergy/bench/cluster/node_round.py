"""One round: tasks come in, a node is killed with everything on it, and a new one takes its place."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

from stigmergy.bench.chaos.findings import Findings
from stigmergy.bench.chaos.load import Load, Sending, ends
from stigmergy.bench.chaos.rounds import settled, wait_for
from stigmergy.bench.chaos.stage import STEPS
from stigmergy.bench.chaos.work import NOTES, SECONDS, executions
from stigmergy.bench.cluster.recovery import p50_and_p99, recoveries
from stigmergy.bench.cluster.stage import ClusterStage
from stigmergy.client import Client

_WORK_S = 0.3
_REPLICA = "ray::ServeReplica"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRound:
    """What was killed, what was lost, and how soon the tasks that ran there went on elsewhere, in seconds.

    ``interrupted`` counts these tasks; the quantiles are None where it is 0.
    """

    seed: int
    node: str
    killed: int
    replicas: int
    interrupted: int
    recovery_p50_s: float | None
    recovery_p99_s: float | None
    seconds: float
    findings: Findings

    @property
    def kept(self) -> bool:
        """Whether replicas were killed and every promise held."""
        return bool(self.replicas) and self.findings.kept


def node_round(stage: ClusterStage, client: Client, seed: int, tasks: int) -> NodeRound:
    """Kill one node under load, with -9."""
    rng, began, notes = random.Random(seed), time.monotonic(), stage.folder / f"node-{seed}.jsonl"
    sending = Sending(client, Load(f"node-{seed}", tasks, {NOTES: str(notes), SECONDS: str(_WORK_S)}))
    wait_for(notes, rng.randrange(tasks // 2, (len(STEPS) - 1) * tasks))
    node, replicas = _victim(stage, rng)
    struck_at, dead = time.time(), stage.nodes.kill(node)
    ids = sending.accepted()
    ends(client, ids)
    stood_still = recoveries(executions(notes), dead, struck_at)
    p50, p99 = p50_and_p99(stood_still)
    found = asyncio.run(settled(stage.database.url, ids, notes))
    seconds = time.monotonic() - began
    stage.nodes.add()
    return NodeRound(
        seed=seed,
        node=node,
        killed=len(dead),
        replicas=replicas,
        interrupted=len(stood_still),
        recovery_p50_s=p50,
        recovery_p99_s=p99,
        seconds=seconds,
        findings=found,
    )


def _victim(stage: ClusterStage, rng: random.Random) -> tuple[str, int]:
    """One of the nodes on which most replicas run, and how many these are; never the head."""
    counts = {name: _replicas(stage, name) for name in stage.nodes.names}
    most = max(counts.values())
    return rng.choice([name for name, count in counts.items() if count == most]), most


def _replicas(stage: ClusterStage, name: str) -> int:
    return sum(_REPLICA in " ".join(process.cmdline()[:1]) for process in stage.nodes.processes(name))
