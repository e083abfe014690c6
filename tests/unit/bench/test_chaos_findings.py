"""The bench finds what it looks for: a promise that was broken is told, whoever broke it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from stigmergy.agents.catalog import build_agent
from stigmergy.bench.chaos.findings import look
from stigmergy.bench.chaos.report import HEADINGS, all_kept, document, row
from stigmergy.bench.chaos.rounds import Plan, Round
from stigmergy.bench.chaos.stage import STEPS, chaos_settings
from stigmergy.bench.chaos.work import NOTES, SECONDS, executions, note
from stigmergy.deployments.views import summarise
from stigmergy.domain import Status
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.runtime import assemble
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.testing import task


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes.jsonl"


@pytest.fixture
async def store(notes: Path) -> MemoryStore:
    """A store in which one task of the bench has ended as it should."""
    settings = chaos_settings(1, "sqlite:///unused.db")
    store = MemoryStore()
    agents = {name: build_agent(name, config, {}) for name, config in settings.agents.items()}
    runtime = assemble(
        settings,
        gateway=InProcessGateway(agents),
        store=store,
        owner="here",
        environ={},
        summarise=summarise,
        rng=random.Random(1),
    )
    await runtime.start()
    asked = replace(task(graph="chaos", router="cheapest"), id="t", labels={NOTES: str(notes), SECONDS: "0"})
    await runtime.desk.accept(asked, "hash")
    await runtime.desk.finished("t")
    await runtime.aclose()
    return store


async def test_a_task_that_ran_as_it_should_keeps_every_promise(store: MemoryStore, notes: Path) -> None:
    found = await look(store, ["t"], executions(notes))
    assert (found.accepted, found.statuses, found.runs) == (1, {"completed": 1}, 1)
    assert (found.executed, found.processes, found.committed) == (3, 1, 3)
    assert found.kept


async def test_a_call_after_the_result_was_committed_is_found(store: MemoryStore, notes: Path) -> None:
    first = executions(notes)[0]
    note(notes, replace(first, at=first.at - 1))
    assert (await look(store, ["t"], executions(notes))).kept, "a call that was lost before the commit is none"
    note(notes, replace(first, at=first.at + 60))
    found = await look(store, ["t"], executions(notes))
    assert (found.repeated, found.kept) == ((first.step,), False)


async def test_a_charge_that_is_not_the_sum_of_the_attempts_is_found(store: MemoryStore, notes: Path) -> None:
    (episode,) = store.episodes.episodes.values()
    await store.episodes.save(replace(episode, charged_usd=episode.charged_usd + Decimal("0.001")))
    found = await look(store, ["t"], executions(notes))
    assert (found.wrong_charges, found.kept) == (("t",), False)


async def test_a_task_that_did_not_end_is_found(store: MemoryStore, notes: Path) -> None:
    record = await store.tasks.get("t")
    await store.tasks.create(replace(record.task, id="open", created_at=record.updated_at + timedelta(1)), "other")
    found = await look(store, ["t", "open"], executions(notes))
    assert (found.statuses, found.kept) == ({Status.COMPLETED: 1, Status.PENDING: 1}, False)


async def test_a_round_is_told_as_json_and_as_a_row(store: MemoryStore, notes: Path) -> None:
    found = await look(store, ["t"], executions(notes))
    each = Round(kind="worker", seed=7, struck_after=2, killed=1, seconds=1.5, findings=found)
    told = json.loads(json.dumps(document(Plan(rounds=1, seed=7), [each])))
    assert (told["kept"], told["rounds"][0]["findings"]["statuses"]) == (True, {"completed": 1})
    assert dict(zip(HEADINGS, row(each), strict=True))["done"] == "1/1"
    assert not all_kept([replace(each, killed=0)])


def test_every_step_of_the_stage_is_noted_and_there_are_workers() -> None:
    settings = chaos_settings(1, "sqlite:///unused.db")
    assert settings.workers.replicas == 2
    assert tuple(settings.agents) == STEPS
