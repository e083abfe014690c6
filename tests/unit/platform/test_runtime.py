from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stigmergy.agents.catalog import build_agent
from stigmergy.domain import Status, Task
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.learning.audit import silent_failures
from stigmergy.platform.runtime import Runtime, assemble, trail_sharers
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.guard.artifact import save_guard
from stigmergy.routers.guard.calibration import Calibration, Signal
from stigmergy.routers.guard.guard import Guard
from stigmergy.routers.guard.labels import LabelModel
from stigmergy.routers.guard.terms import Vocabulary
from stigmergy.routers.trail_sharing import TrailSharing
from stigmergy.testing import EPOCH, FakeClock

CONFIG = """
agents:
  cheap: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
  dear: {kind: scripted, replies: ["four"], price: {per_call: "0.01"}}
graphs:
  sums: {stages: [[cheap, dear]], router: ants, evaluator: {kind: exact}}
routers:
  ants: {kind: ant_colony, colony: hill}
  greedy_ants: {kind: ant_colony, colony: hill, selection: {kind: greedy}}
  cheapest: {kind: cheapest}
"""


@pytest.fixture
def runtime() -> Runtime:
    return runtime_of(CONFIG)


def runtime_of(config: str) -> Runtime:
    settings = settings_from(config, {})
    agents = {name: build_agent(name, config, {}) for name, config in settings.agents.items()}
    environ: Mapping[str, str] = {}
    return assemble(
        settings,
        gateway=InProcessGateway(agents),
        store=MemoryStore(),
        owner="here",
        environ=environ,
        summarise=lambda ran: "{}",
        clock=FakeClock(),
        rng=random.Random(1),
    )


def asked(task_id: str, **facts: Any) -> Task:
    given = {"text": "2+2?", "graph": "sums", "router": "ants", "reference": "4", "created_at": EPOCH, **facts}
    return Task(id=task_id, **given)


async def test_tasks_run_are_stored_judged_learnt_from_and_counted(runtime: Runtime) -> None:
    await runtime.start()
    for number in range(20):
        await runtime.desk.accept(asked(f"t{number}"), str(number))
    await runtime.desk.aclose()
    await runtime.debrief.drain()
    report = runtime.reporter.report()
    assert report is not None
    assert report.counts['tasks_ended_total{status="completed"}'] == 20
    assert (report.deltas["hill"].episodes, len(report.calls)) == (20, 20)
    record = await runtime.store.tasks.get("t0")
    assert (record.status, record.owner) == (Status.COMPLETED, "here")
    assert record.episode_id is not None
    episode = await runtime.store.episodes.get(record.episode_id)
    assert episode.quality == float(episode.answer == "4")
    events = [decode(event.payload) for event in await runtime.store.journal.read(episode.id)]
    assert silent_failures(events) == 0
    await runtime.aclose()


async def test_one_colony_is_shared_once_whatever_the_number_of_its_routers(runtime: Runtime) -> None:
    (sharer,) = trail_sharers(runtime.routers)
    assert isinstance(sharer, TrailSharing)
    assert sharer.colony == "hill"
    await runtime.aclose()


async def test_the_policy_that_a_hop_was_scored_with_is_named(runtime: Runtime) -> None:
    plan = runtime.engine.plan(asked("t"))
    assert plan.hops[0].policy_version == "hill@t0"  # type: ignore[union-attr]
    plan = runtime.engine.plan(asked("t", router="cheapest"))
    assert plan.hops[0].policy_version == "cheapest"  # type: ignore[union-attr]
    await runtime.aclose()


async def test_closing_lets_accepted_tasks_end_and_stores_them(runtime: Runtime) -> None:
    await runtime.start()
    for number in range(5):
        await runtime.desk.accept(asked(f"t{number}"), str(number))
    await runtime.aclose()
    rows = [await runtime.store.tasks.get(f"t{number}") for number in range(5)]
    assert Counter(row.status for row in rows) == {Status.COMPLETED: 5}
    for row in rows:
        assert row.episode_id is not None
        assert (await runtime.store.episodes.get(row.episode_id)).task_id == row.task.id


async def test_a_task_that_the_guard_rejects_is_refused_before_any_agent_is_called(tmp_path: Path) -> None:
    path = tmp_path / "guard.npz"
    save_guard(path, nobodys_guard(), Origin(data={}, code="", config={}, queries=0))
    config = CONFIG.replace("sums: {", f"sums: {{guard: {{artifact: {path}}}, ")
    guarded = runtime_of(config)
    await guarded.start()
    await guarded.desk.accept(asked("t"), "")
    ended = (await guarded.desk.finished("t")).record
    assert ended.status is Status.REFUSED
    assert ended.reason.startswith("guard: ")
    await guarded.debrief.drain()
    events = [decode(each.payload) for each in await guarded.store.journal.read(str(ended.episode_id))]
    await guarded.aclose()
    assert [event.kind for event in events] == ["accepted", "rejected", "finished", "quality_given"]


def nobodys_guard() -> Guard:
    """Knows no query at all, so that it rejects every one."""
    return Guard(
        Vocabulary(np.zeros(0, np.uint32), np.zeros(0, np.float32)),
        LabelModel(("nobody",), np.zeros(1, np.int32), np.zeros((0, 1), np.float16), np.zeros(1, np.float32)),
        None,
        Calibration({Signal.DOUBT: 0.0}, 9.0),
        0.5,
    )
