"""A YAML file with panels and trained routers, from the file to the stored episode."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from shutil import copy

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stigmergy.agents.catalog import build_agent
from stigmergy.domain import Status, Task
from stigmergy.errors import ConfigError
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.learning.estimators.training import train_arms
from stigmergy.platform.learning.evidence.log_reading import read_answer_log
from stigmergy.platform.learning.evidence.origin import origin_of
from stigmergy.platform.learning.evidence.training import train
from stigmergy.platform.learning.evidence.training_config import TrainingConfig
from stigmergy.platform.runtime import Runtime, assemble
from stigmergy.platform.settings import load_settings
from stigmergy.platform.store.memory import MemoryStore
from stigmergy.routers.estimators.artifact import save_arms
from stigmergy.routers.evidence.artifact import save_artifact
from stigmergy.testing import EPOCH, FakeClock

CONFIG = """
agents:
  cheap: {kind: scripted, replies: ["The answer is A"], price: {per_call: "0.01"}}
  middle: {kind: scripted, replies: ["B."], price: {per_call: "0.04"}}
  dear: {kind: scripted, replies: ["B"], price: {per_call: "0.09"}}
graphs:
  asked:
    nodes: {panel: {kind: panel, agents: [cheap, middle, dear]}}
    stages: [[panel]]
    router: cheapest
    evaluator: {kind: exact}
  learnt:
    nodes: {panel: {kind: panel, agents: [cheap, middle, dear], max_asks: 2, rule: trained}}
    stages: [[panel]]
    router: cheapest
    evaluator: {kind: exact}
  chosen: {stages: [[cheap, middle, dear]], router: best}
panels:
  trained: {kind: evidence, artifact: evidence.npz, price: 0.05, check_share: 0.0}
routers:
  cheapest: {kind: cheapest}
  best: {kind: estimator, artifact: arms.npz, price: 0.0, selection: {kind: greedy}}
"""
Write = Callable[[str], Path]


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts that were trained on forty queries: ``dear`` is right far more often."""
    folder, rng = tmp_path_factory.mktemp("artifacts"), np.random.default_rng(0)
    rows = []
    for number in range(40):
        for agent, ability, cost in (("cheap", 0.5, 0.01), ("middle", 0.6, 0.04), ("dear", 0.95, 0.09)):
            answer = "A" if rng.random() < ability else "BCDE"[rng.integers(4)]
            row = {"query_id": f"q{number}", "task": "math", "query": f"What is {number}?", "model": agent}
            rows.append({**row, "score": float(answer == "A"), "cost_usd": cost, "tokens_out": 5, "pred": answer})
    pq.write_table(pa.Table.from_pylist(rows), folder / "log.parquet")
    log, config = read_answer_log(folder / "log.parquet", ()), TrainingConfig(roster_size=3)
    save_artifact(folder / "evidence.npz", train(log, config).policy, origin_of(log, config))
    arms = train_arms("nearest", folder / "log.parquet")
    save_arms(folder / "arms.npz", arms.model, arms.origin)
    return folder


@pytest.fixture
def site(artifacts: Path, tmp_path: Path) -> Path:
    """The file, with the artifacts beside it."""
    for each in artifacts.iterdir():
        copy(each, tmp_path)
    (tmp_path / "site.yaml").write_text(CONFIG)
    return tmp_path / "site.yaml"


def serve(site: Path) -> Runtime:
    settings = load_settings(site, {})
    agents = {name: build_agent(name, config, {}) for name, config in settings.agents.items()}
    return assemble(
        settings,
        gateway=InProcessGateway(agents),
        store=MemoryStore(),
        owner="here",
        environ={},
        summarise=lambda ran: "{}",
        clock=FakeClock(),
        rng=random.Random(1),
    )


async def stored(runtime: Runtime, graph: str, router: str = "cheapest") -> list[ev.Event]:
    """The stored events of one task."""
    await runtime.start()
    task = Task(id="t", text="What is 7?", graph=graph, router=router, reference="b", created_at=EPOCH)
    await runtime.desk.accept(task, "body")
    await runtime.desk.aclose()
    await runtime.debrief.drain()
    record = await runtime.store.tasks.get("t")
    assert record.status is Status.COMPLETED
    assert record.episode_id is not None
    return [decode(each.payload) for each in await runtime.store.journal.read(record.episode_id)]


async def test_a_panel_works_out_of_the_box_and_compares_answers_as_its_judge_does(site: Path) -> None:
    events = await stored(serve(site), "asked")
    asked = [event.agent for event in events if isinstance(event, ev.PanelAsked)]
    (joined,) = [event for event in events if isinstance(event, ev.Joined)]
    assert (asked, joined.reply.text, joined.reply.canonical) == (["cheap", "middle", "dear"], "B.", "b")


async def test_a_trained_panel_is_served_from_its_artifact(site: Path) -> None:
    events = await stored(serve(site), "learnt")
    asked = [event for event in events if isinstance(event, ev.PanelAsked)]
    assert 1 <= len(asked) <= 2
    assert all(event.rule.startswith("evidence-") and event.advantage is not None for event in asked)
    (joined,) = [event for event in events if isinstance(event, ev.Joined)]
    assert 0.0 < (joined.reply.confidence or 0.0) < 1.0


async def test_an_estimator_chooses_the_agent_that_was_best_on_the_log(site: Path) -> None:
    events = await stored(serve(site), "chosen", "best")
    hop = next(event for event in events if isinstance(event, ev.HopChosen))
    assert hop.node == "dear"
    assert hop.policy_version.startswith("best@estimator-")
    assert {option.evidence["known"] for option in hop.options} == {1.0}


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("rule: trained", "rule: other", r"graphs\.learnt\.nodes\.panel\.rule: no rule 'other' is in panels; known: t"),
        ("max_asks: 2", "max_asks: 4", r"graphs\.learnt: panel 'panel': max_asks 4: it must be from 1 to its 3"),
        ("evidence.npz", "none.npz", r"panels\.trained\.artifact: .*none\.npz"),
        ("evidence.npz", "arms.npz", r"panels\.trained\.artifact: .*it is estimator format 2, not evidence"),
        ("dear], max", "cheaper], max", r"graphs\.learnt: .*'cheaper'"),
    ],
)
def test_what_is_wrong_with_a_panel_is_told_with_its_path(site: Path, before: str, after: str, problem: str) -> None:
    site.write_text(CONFIG.replace(before, after))
    with pytest.raises(ConfigError, match=problem):
        load_settings(site, {})


def test_a_rule_that_knows_nobody_on_the_panel_is_told(site: Path) -> None:
    site.write_text(
        CONFIG.replace("agents: [cheap, middle, dear], max_asks: 2", "agents: [new]").replace(
            "agents:\n", 'agents:\n  new: {kind: scripted, replies: ["4"], price: {}}\n', 1
        )
    )
    with pytest.raises(ConfigError, match=r"panels\.trained\.artifact: knows no agent of panel 'panel' of graphs\.lea"):
        load_settings(site, {})


def test_settings_carry_absolute_paths_to_processes_that_start_elsewhere(site: Path) -> None:
    settings = load_settings(site, {})
    assert settings.panels["trained"].artifact == site.parent / "evidence.npz"  # type: ignore[union-attr]


async def test_a_rule_that_is_trained_anew_decides_from_then_on(site: Path) -> None:
    runtime = serve(site)
    snapshot = runtime.watch.snapshots["panels.trained"]
    before = snapshot.current.version
    config = TrainingConfig(roster_size=2)
    log = read_answer_log(site.parent / "log.parquet", ())
    save_artifact(site.parent / "evidence.npz", train(log, config).policy, origin_of(log, config))
    await runtime.watch.look()
    assert (snapshot.current.version != before, snapshot.problem) == (True, "")
    events = await stored(runtime, "learnt")
    rules = {event.rule for event in events if isinstance(event, ev.PanelAsked)}
    assert any(snapshot.current.version in rule for rule in rules)
