"""``episodes verify`` and ``episodes replay`` on a database file that somebody edits behind the store's back."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stigmergy.agents.catalog import build_agent
from stigmergy.domain import Task
from stigmergy.platform.agent_gateway import InProcessGateway
from stigmergy.platform.records import Feedback
from stigmergy.platform.runtime import assemble
from stigmergy.platform.settings import settings_from
from stigmergy.platform.store import open_store
from stigmergy.testing import EPOCH, FakeClock

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

CONFIG = """
agents:
  cheap: {kind: scripted, replies: ["4"], price: {per_call: "0.001"}}
graphs:
  sums: {stages: [[cheap]], router: cheapest, evaluator: {kind: exact}}
routers:
  cheapest: {kind: cheapest}
store: {url: "sqlite:///STORE"}
"""


async def _fill(path: Path) -> list[str]:
    settings = settings_from(CONFIG, {})
    runtime = assemble(
        settings,
        gateway=InProcessGateway({name: build_agent(name, config, {}) for name, config in settings.agents.items()}),
        store=open_store(f"sqlite:///{path}"),
        owner="here",
        environ={},
        summarise=lambda ran: "{}",
        clock=FakeClock(),
        rng=random.Random(1),
    )
    await runtime.start()
    tasks = [
        Task(id=f"t{n}", text="2+2?", graph="sums", router="cheapest", reference="4", created_at=EPOCH) for n in "ab"
    ]
    for task in tasks:
        await runtime.desk.accept(task, task.id)
    await runtime.desk.aclose()
    await runtime.debrief.drain()
    ids = [str((await runtime.store.tasks.get(task.id)).episode_id) for task in tasks]
    await runtime.debrief.feedback(Feedback(ids[0], 0.25, "user", None, EPOCH))
    await runtime.aclose()
    return ids


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[str]]:
    """A database with two episodes, the first with feedback, as bytes; and their ids."""
    path = tmp_path_factory.mktemp("audit") / "store.db"
    ids = asyncio.run(_fill(path))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")  # so that the file alone is the database
    connection.close()
    return path.read_bytes(), ids


@pytest.fixture
def path(filled: tuple[bytes, list[str]], tmp_path: Path) -> Path:
    copy = tmp_path / "store.db"
    copy.write_bytes(filled[0])
    return copy


@pytest.fixture
def first(filled: tuple[bytes, list[str]]) -> str:
    return filled[1][0]


def edit(path: Path, statement: str, *parameters: object) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute(statement, parameters).rowcount > 0
    connection.commit()
    connection.close()


def test_what_nobody_touched_is_intact_and_replays_to_the_same(run: Run, path: Path, first: str) -> None:
    done = run("episodes", "verify", "--all", "--store", f"sqlite:///{path}")
    assert (done.exit_code, done.stdout) == (0, "2 episodes: 2 intact\n")
    done = run("episodes", "replay", first, "--store", f"sqlite:///{path}")
    assert done.exit_code == 0
    assert "the same: 8 events lead to what is stored (completed by cheap for $0.001)" in done.stdout


EDITS = {
    "payload": ("UPDATE events SET payload = replace(payload, '0.001', '0.002') WHERE episode_id = ? AND seq = 3", 3),
    "kind": ("UPDATE events SET kind = 'cancelled' WHERE episode_id = ? AND seq = 1", 1),
    "time": ("UPDATE events SET at = '2026-01-01 00:00:01.000000' WHERE episode_id = ? AND seq = 2", 2),
    "removal": ("DELETE FROM events WHERE episode_id = ? AND seq = 4", 4),
    "truncation": ("DELETE FROM events WHERE episode_id = ? AND seq = 7", 6),
    "all events": ("DELETE FROM events WHERE episode_id = ?", None),
    "head": ("UPDATE episodes SET head = '' WHERE id = ?", None),
    "time that is none": ("UPDATE events SET at = 'noon' WHERE episode_id = ? AND seq = 2", None),
    "number that is none": ("UPDATE events SET v = 1.5 WHERE episode_id = ? AND seq = 2", None),
    "text that is none": ("UPDATE events SET payload = CAST(x'ff' AS TEXT) WHERE episode_id = ? AND seq = 2", None),
    "summary that is none": ("UPDATE episodes SET route = '[' WHERE id = ?", None),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_found_with_its_episode_and_event(run: Run, path: Path, first: str, name: str) -> None:
    statement, seq = EDITS[name]
    edit(path, statement, first)
    done = run("episodes", "verify", "--all", "--store", f"sqlite:///{path}")
    assert done.exit_code == 1
    assert "2 episodes: 1 changed, 1 intact" in done.stdout
    assert f"episode {first}: {'' if seq is None else f'event {seq} '}" in done.stdout
    told = json.loads(run("episodes", "verify", first, "--json", "--store", f"sqlite:///{path}").stdout)
    assert told["ok"] is False
    (episode,) = told["episodes"]
    assert (episode["id"], episode["verdict"]) == (first, "changed")
    assert seq in [finding["event"] for finding in episode["findings"]]


def test_an_event_that_cannot_be_read_is_named(run: Run, path: Path, first: str) -> None:
    edit(path, "UPDATE events SET at = 'noon' WHERE episode_id = ? AND seq = 2", first)
    done = run("episodes", "verify", first, "--store", f"sqlite:///{path}")
    assert f"event 2 of episode '{first}' cannot be read" in done.stdout
    done = run("episodes", "replay", first, "--store", f"sqlite:///{path}")
    assert done.exit_code == 1
    assert f"error: the event 2 of episode '{first}' cannot be read" in done.stderr


def test_two_events_that_changed_places_are_found(run: Run, path: Path, first: str) -> None:
    for before, after in ((2, 99), (3, 2), (99, 3)):
        edit(path, f"UPDATE events SET seq = {after} WHERE episode_id = ? AND seq = {before}", first)
    done = run("episodes", "verify", first, "--store", f"sqlite:///{path}")
    assert done.exit_code == 1
    assert f"episode {first}: event 3 was changed" in done.stdout


def test_a_summary_that_the_events_do_not_lead_to_is_shown_with_the_difference(
    run: Run, path: Path, first: str
) -> None:
    edit(path, "UPDATE episodes SET answer = '5', charged_usd = 7 WHERE id = ?", first)
    done = run("episodes", "replay", first, "--store", f"sqlite:///{path}")
    assert done.exit_code == 1
    for told in ("answer", "charged_usd", "5", "4", "0.001"):
        assert told in done.stdout
    told = json.loads(run("episodes", "replay", first, "--json", "--store", f"sqlite:///{path}").stdout)
    assert told["same"] is False
    assert told["differences"][0] == {"field": "answer", "stored": "5", "replayed": "4"}


def test_episodes_from_before_there_were_hashes_are_not_called_changed(run: Run, path: Path, first: str) -> None:
    edit(path, "UPDATE events SET previous = '' WHERE episode_id = ?", first)
    edit(path, "UPDATE episodes SET head = '' WHERE id = ?", first)
    done = run("episodes", "verify", "--all", "--store", f"sqlite:///{path}")
    assert (done.exit_code, done.stdout) == (0, "2 episodes: 1 intact, 1 not chained\n")


def test_the_store_is_found_by_the_configuration(run: Run, path: Path, tmp_path: Path, first: str) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text(CONFIG.replace("STORE", str(path)))
    assert run("episodes", "verify", first, "--config", str(config)).exit_code == 0
    told = json.loads(run("episodes", "replay", first, "--config", str(config), "--json").stdout)
    assert (told["same"], told["status"], told["events"], told["differences"]) == (True, "completed", 8, [])


def test_the_store_of_the_embedded_workbench_is_the_default(run: Run, path: Path) -> None:
    done = run("episodes", "verify", "--all", env={"STIGMERGY_STORE_URL": f"sqlite:///{path}"})
    assert done.exit_code == 0
    assert "2 episodes" in done.stdout


def test_an_episode_or_a_store_that_is_not_there_is_said_in_one_line(run: Run, path: Path, tmp_path: Path) -> None:
    for command in ("verify", "replay"):
        done = run("episodes", command, "nobody", "--store", f"sqlite:///{path}")
        assert done.exit_code == 1
        assert done.stderr.startswith("error: no episode 'nobody' is stored")
        absent = tmp_path / "absent.db"
        done = run("episodes", command, "nobody", "--store", f"sqlite:///{absent}")
        assert done.exit_code == 1
        assert "there is no file" in done.stderr
        assert not absent.exists()
        done = run("episodes", command, "nobody", "--store", "memory://")
        assert "lives in the memory of the process" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("ep", "--all"), ("ep", "--store", "sqlite:///x", "--config", "x.yaml")])
def test_options_that_do_not_go_together_are_refused(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("episodes", "verify", *arguments).exit_code == 2
