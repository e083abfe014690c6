"""``stigmergy train ant-colony``: from a store or a Parquet to trails, and what serves with them."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from stigmergy.agents.catalog import build_agent
from stigmergy.cli.main import app
from stigmergy.domain import START, Task
from stigmergy.errors import ConfigError
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.runtime import assemble
from stigmergy.platform.settings import load_settings
from stigmergy.platform.store.open import open_store
from stigmergy.routers.catalog import build_router
from stigmergy.routers.colony_artifact import load_trails
from stigmergy.routers.trail_sharing import TrailSharing
from stigmergy.testing import EPOCH, FakeClock

EPISODES = 30
CONFIG = """
agents:
  right: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
  wrong: {kind: scripted, replies: ["5"], price: {per_call: "0.001"}}
graphs:
  sums: {stages: [[STAGE]], router: ants, evaluator: {kind: exact}}
routers:
  ants: {kind: ant_colony, colony: hill}
  begun: {kind: ant_colony, artifact: trails.npz}
"""


def write_config(folder: Path, stage: str = "right, wrong") -> Path:
    path = folder / "config.yaml"
    path.write_text(CONFIG.replace("STAGE", stage))
    return path


def write_log(folder: Path, cost: float | None = 0.01) -> Path:
    rows = [
        {
            "query_id": f"q{n}",
            "task": "math",
            "query": "?",
            "model": arm,
            "score": float(arm == "right"),
            "cost_usd": cost,
        }
        for n in range(EPISODES)
        for arm in ("right", "wrong")
    ]
    path = folder / "log.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def trained(*args: str) -> dict[str, object]:
    done = CliRunner().invoke(app, ["train", "ant-colony", *args, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


def logged(folder: Path) -> str:
    """A store of the episodes that a gateway ran, one of which nobody judged."""
    url = f"sqlite:///{folder / 'ran.db'}"
    (folder / "trails.npz").unlink(missing_ok=True)
    path = folder / "serving.yaml"
    path.write_text(
        CONFIG.replace("STAGE", "right, wrong").replace("  begun: {kind: ant_colony, artifact: trails.npz}\n", "")
    )
    settings = load_settings(path, {})

    async def work() -> None:
        runtime = assemble(
            settings,
            gateway=InProcessGateway({name: build_agent(name, each, {}) for name, each in settings.agents.items()}),
            store=open_store(url),
            owner="here",
            environ={},
            summarise=lambda ran: "{}",
            clock=FakeClock(),
            rng=random.Random(1),
        )
        await runtime.start()
        for number in range(EPISODES):
            reference = "4" if number else None
            task = Task(
                id=f"t{number}", text="2+2?", graph="sums", router="ants", reference=reference, created_at=EPOCH
            )
            await runtime.desk.accept(task, str(number))
        await runtime.aclose()

    asyncio.run(work())
    return url


def test_stored_episodes_become_trails_that_a_router_begins_from(tmp_path: Path) -> None:
    url, out = logged(tmp_path), tmp_path / "trails.npz"
    serving = str(tmp_path / "serving.yaml")
    told = trained("--from", url, "--config", serving, "--router", "ants", "--out", str(out))
    assert (told["queries"], told["left_out"]) == (EPISODES - 1, {"nobody judged them": 1})
    settings = load_settings(write_config(tmp_path), {})
    router = build_router("begun", settings.routers["begun"])
    assert isinstance(router, TrailSharing)
    assert router.trails.origin == told["version"]
    trails = router.trails.total
    (task_type,) = trails.log_tau
    assert trails.log_tau[task_type][START, "right"] > trails.log_tau[task_type].get((START, "wrong"), 0.0)
    assert all(each.episode.startswith("ep_") for each in trails.footprints[task_type][START, "right"])


def test_the_same_log_gives_the_same_file_with_the_better_arm_on_the_stronger_trail(tmp_path: Path) -> None:
    log, files = write_log(tmp_path), [tmp_path / name for name in ("one.npz", "other.npz")]
    for out in files:
        told = trained("--data", str(log), "--out", str(out))
    assert files[0].read_bytes() == files[1].read_bytes()
    assert (told["task_types"], told["agents"], told["episodes"]) == (["math"], ["right", "wrong"], 2 * EPISODES)
    row = load_trails(files[0]).trails.total.log_tau["math"]
    assert row[START, "right"] > 0.0 > row[START, "wrong"]


def test_trails_that_no_graph_has_an_edge_of_are_refused_with_the_path_in_the_file(tmp_path: Path) -> None:
    trained("--data", str(write_log(tmp_path)), "--out", str(tmp_path / "trails.npz"))
    load_settings(write_config(tmp_path), {})
    path = write_config(tmp_path, "clerk")
    path.write_text(
        path.read_text().replace("  right:", "  clerk: {kind: scripted, replies: [x], price: {}}\n  right:")
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    ((where, problem),) = caught.value.problems
    assert where == "routers.begun.artifact"
    assert "no graph has any of its 4 edges" in problem


def test_one_colony_does_not_begin_from_two_artifacts(tmp_path: Path) -> None:
    trained("--data", str(write_log(tmp_path)), "--out", str(tmp_path / "trails.npz"))
    path = write_config(tmp_path)
    path.write_text(
        path.read_text().replace("{kind: ant_colony, artifact", "{kind: ant_colony, colony: hill, artifact")
    )
    with pytest.raises(ConfigError, match="a colony begins from one artifact"):
        load_settings(path, {})


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "give either --from URL or --data FILE"),
        (("--data", "LOG", "--from", "sqlite:///x.db"), "give either --from URL or --data FILE"),
        (("--data", "LOG", "--router", "cheapest"), "no router 'cheapest' of kind ant_colony"),
        (("--data", "LOG"), "needs two arms of known cost_usd"),
        (("--from", "sqlite:///nowhere.db"), "there is no file"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(tmp_path: Path, args: tuple[str, ...], words: str) -> None:
    log = str(write_log(tmp_path, cost=None))
    given = [log if arg == "LOG" else arg for arg in args]
    done = CliRunner().invoke(
        app, ["train", "ant-colony", "--out", str(tmp_path / "x.npz"), *given], env={"COLUMNS": "200"}
    )
    assert done.exit_code != 0
    assert words in done.output
