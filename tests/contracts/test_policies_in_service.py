"""A policy looks on, is judged and tried, whatever the store is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

from stigmergy.agents.catalog import build_agent
from stigmergy.domain import Task
from stigmergy.graphs.pheromones import Trails
from stigmergy.graphs.trail_delta import TrailDelta
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.policies.desk import PolicyDesk
from stigmergy.platform.policy_records import NewPolicy, Stage
from stigmergy.platform.ports import Store
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import settings_from
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.colony_artifact import save_trails
from stigmergy.testing import EPOCH, FakeClock

CONFIG = """
agents:
  cheap: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
  dear: {kind: scripted, replies: ["5"], price: {per_call: "0.01"}}
graphs: {sums: {stages: [[cheap, dear]], router: picks, evaluator: {kind: exact}}}
routers: {picks: {kind: random}}
"""
DOCUMENT = {"kind": "ant_colony", "selection": {"kind": "epsilon", "epsilon": 0.9}}


def runtime_on(store: Store) -> Runtime:
    settings = settings_from(CONFIG, {})
    return assemble(
        settings,
        gateway=InProcessGateway({name: build_agent(name, each, {}) for name, each in settings.agents.items()}),
        store=store,
        owner="here",
        environ={},
        summarise=lambda ran: "{}",
        clock=FakeClock(),
        rng=random.Random(1),
    )


async def registered(desk: PolicyDesk, folder: Path) -> str:
    """A colony that knows both agents and has no trail yet."""
    known = TrailDelta(successes={"cheap": {"sum": 1.0}}, trials={"cheap": {"sum": 1.0}, "dear": {"sum": 1.0}})
    save_trails(folder / "trails", Trails(known, 0, "here"), Origin(data={}, code="", config={}, queries=0))
    policy = NewPolicy(router="picks", document=DOCUMENT, fingerprint="")
    return (await desk.register(policy, (folder / "trails").read_bytes())).name


async def ask(runtime: Runtime, ids: Sequence[str]) -> set[str]:
    """Run tasks to their end; the policies that decided them."""
    for each in ids:
        task = Task(id=each, text=f"{each}?", graph="sums", router="picks", reference="4", created_at=EPOCH)
        await runtime.desk.accept(task, each)
    while runtime.desk.in_flight:  # noqa: ASYNC110 -- nobody tells when the last one has ended
        await asyncio.sleep(0)
    await runtime.debrief.drain()
    await runtime.policies.service.drain()
    records = [await runtime.store.tasks.get(each) for each in ids]
    return {(await runtime.store.episodes.get(str(record.episode_id))).policy for record in records}


async def test_a_policy_looks_on_is_judged_and_decides_its_share(store: Store, tmp_path: Path) -> None:
    runtime = runtime_on(store)
    await runtime.start()
    policies = runtime.policies
    assert await registered(policies.desk, tmp_path) == "picks@1"
    await policies.desk.shadow("picks", 1)
    await policies.service.look()
    assert await ask(runtime, [f"a{number}" for number in range(150)]) == {"picks"}
    evidence = (await policies.desk.show("picks", 1)).evidence
    assert (evidence.hops, dict(evidence.episodes)) == (150, {"sums": 150})
    assert evidence.judgements["sums"].gains["doubly_robust"].high > 0.0
    assert (await policies.desk.canary("picks", 1, 0.5)).stage is Stage.CANARY
    await policies.service.look()
    assert await ask(runtime, [f"b{number}" for number in range(30)]) == {"picks", "picks@1"}
    await policies.canaries.look()
    shown = await policies.desk.show("picks", 1)
    assert shown.record.stage is Stage.CANARY
    assert shown.comparison is not None
    # The clock stands still here, so that all episodes finished when it became a canary.
    assert shown.comparison.canary + shown.comparison.base == 180
    await policies.desk.rollback("picks", 1, "enough")
    await policies.service.look()
    assert await ask(runtime, ["c"]) == {"picks"}
    await policies.aclose()
    await runtime.desk.aclose()
    await runtime.debrief.aclose()
    await runtime.budgets.aclose()
