"""From a run of the workbench to an artifact that serves it: no file of outcomes in between."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stigmergy.agents.catalog import build_agent
from stigmergy.agents.workbench.tasks import generate_tasks
from stigmergy.cli.main import app
from stigmergy.domain import Status, Task
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.episode import events as ev
from stigmergy.platform.learning.logs.episodes import LoggedEpisode, logged_episodes
from stigmergy.platform.records import EpisodeFilter
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import Settings, settings_from
from stigmergy.platform.store import open_store
from stigmergy.platform.workbench import WORKBENCH
from stigmergy.testing import EPOCH, FakeClock

LEARNT = """
  learnt: {{kind: estimator, artifact: {artifact}, price: 0.05}}
"""


def workbench(artifact: Path | None = None) -> Settings:
    # Tasks name their types here; to learn what tells types apart would take the longest of all.
    text = WORKBENCH.read_text().replace("examples: workbench", "judged_fraction: 1.0")
    if artifact is not None:
        text = text.replace(
            "  random: {kind: random}\n", f"  random: {{kind: random}}{LEARNT.format(artifact=artifact)}"
        )
    return settings_from(text.replace("runs: deployment", "runs: loop"), {})


def runtime_of(settings: Settings, store: str) -> Runtime:
    return assemble(
        settings,
        gateway=InProcessGateway({name: build_agent(name, config, {}) for name, config in settings.agents.items()}),
        store=open_store(store),
        owner="here",
        environ={},
        summarise=lambda _: "{}",
        clock=FakeClock(),
        rng=random.Random(5),
    )


async def run(settings: Settings, store: str, router: str, count: int, seed: int) -> list[LoggedEpisode]:
    """What is stored of some tasks of arithmetic and dates."""
    runtime = runtime_of(settings, store)
    await runtime.start()
    for n, made in enumerate(generate_tasks(seed, count, ("arithmetic", "dates"))):
        task = Task(
            id=f"{router}{n}",
            text=made.text,
            graph="workbench",
            router=router,
            task_type=made.family,
            reference=made.reference,
            created_at=EPOCH,
        )
        await runtime.desk.accept(task, task.id)
    await runtime.desk.aclose()
    await runtime.debrief.drain()
    found = [each async for each in logged_episodes(runtime.store, EpisodeFilter(router=router))]
    await runtime.aclose()
    return found


def train(*words: str) -> Any:
    done = CliRunner().invoke(app, ["train", *words])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store in which the workbench has gone its ways at random."""
    store = f"sqlite:///{tmp_path_factory.mktemp('lived') / 'store.db'}"
    asyncio.run(run(workbench(), store, "random", 60, 11))
    return store


@pytest.mark.parametrize("name", ["nearest", "ridge_task"])
def test_what_was_lived_through_is_learnt_and_serves(name: str, lived: str, tmp_path: Path) -> None:
    out = tmp_path / "arms.npz"
    told = train(name, "--from", lived, "--graph", "workbench", "--out", str(out), "--json")
    assert {"calculator", "polymath", "study"} <= set(told["arms"])
    assert list(told["data"]) == ["the episodes of graph workbench"]
    served = asyncio.run(run(workbench(out), f"sqlite:///{tmp_path / 'new.db'}", "learnt", 6, 12))
    assert len(served) == 6
    hops = [event for each in served for event in each.events if isinstance(event, ev.HopChosen)]
    assert {hop.policy_version for hop in hops if hop.options} == {f"learnt@{told['version']}"}
    assert any(hop.options[0].evidence["known"] for hop in hops if hop.options)
    assert all(each.episode.status in (Status.COMPLETED, Status.DEMOTED) for each in served)


def test_a_network_is_trained_on_what_was_lived_through(lived: str, tmp_path: Path) -> None:
    out = str(tmp_path / "net")
    told = train("gnn", "--from", lived, "--graph", "workbench", "--out", out, "--epochs", "1", "--json")
    assert {"polymath", "study"} <= set(told["agents"])
    assert list(told["data"]) == ["the episodes of graph workbench"]


def test_options_that_name_no_source_or_two_are_refused(lived: str, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "arms.npz")]
    for words, reason in (
        ([], "give either"),
        (["--from", lived], "go together"),
        (["--from", f"sqlite:///{tmp_path}/none.db", "--graph", "g"], "no file"),
        (["--from", lived, "--graph", "g"], "no judged episode"),
    ):
        done = CliRunner().invoke(app, ["train", "nearest", *words, *out])
        assert done.exit_code != 0
        assert reason in " ".join(done.output.replace("│", "").split())
