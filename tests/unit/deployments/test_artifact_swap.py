"""An artifact is trained anew while it serves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stigmergy.client import AsyncClient
from stigmergy.deployments.views import policy_model
from stigmergy.errors import InvalidArtifact
from stigmergy.platform.learning.estimators.training import train_arms
from stigmergy.platform.snapshots import ArtifactSnapshot, ArtifactWatch
from stigmergy.routers.catalog import load_router
from stigmergy.routers.configs import EstimatorConfig
from stigmergy.routers.estimators.artifact import save_arms
from stigmergy.routers.trained import Trained
from stigmergy.wire import PolicyModel


async def policy(asking: AsyncClient) -> PolicyModel:
    (found,) = (await asking.served()).policies
    return found


async def turned(asking: AsyncClient, as_expected: Callable[[PolicyModel], bool]) -> PolicyModel:
    """The policy once the watch, which looks by itself, has made it so."""
    async with asyncio.timeout(10):
        while not as_expected(told := await policy(asking)):
            pass
    return told


def arms(served: Any) -> Path:
    return Path(served.folder) / "arms.npz"


async def test_a_new_artifact_decides_from_then_on_and_every_hop_says_which(served: Any, asking: AsyncClient) -> None:
    before = await policy(asking)
    old = await asking.submit("2+2", router="learnt", explain=True)
    version = retrained(served, {"cheap": 0.9, "dear": 0.2})
    await turned(asking, lambda told: told.version != before.version)
    new = await asking.submit("2+2", router="learnt", explain=True)
    assert [(task.route, task.hops[0].policy_version) for task in (old, new)] == [
        (("dear",), f"learnt@{before.version}"),
        (("cheap",), f"learnt@{version}"),
    ]
    assert (before.entry, before.agents, before.problem) == ("routers.learnt", ("cheap", "dear"), "")


@pytest.mark.parametrize("damage", ["cut", "strange", "gone"])
async def test_what_is_damaged_or_does_not_fit_is_told_and_the_old_one_serves_on(
    served: Any, asking: AsyncClient, damage: str
) -> None:
    before = await policy(asking)
    if damage == "cut":
        arms(served).write_bytes(arms(served).read_bytes()[:200])
    elif damage == "strange":
        retrained(served, {"nobody": 0.9, "knows": 0.1})
    else:
        arms(served).unlink()
    told = await turned(asking, lambda told: bool(told.problem))
    assert told.version == before.version
    assert {"cut": "cannot be read", "strange": "knows no agent", "gone": "cannot be read"}[damage] in told.problem
    assert (await asking.submit("2+2", router="learnt")).route == ("dear",)


async def test_a_sound_artifact_ends_the_problem(served: Any, asking: AsyncClient) -> None:
    arms(served).write_bytes(b"nothing")
    await served.runtime.watch.look()
    assert (await policy(asking)).problem
    version = retrained(served, {"cheap": 0.9, "dear": 0.2})
    await served.runtime.watch.look()
    told = await policy(asking)
    assert (told.version, told.problem) == (version, "")


async def test_a_loader_that_breaks_in_any_way_stops_no_watch(served: Any, tmp_path: Path) -> None:
    config = EstimatorConfig(artifact=arms(served))
    calls = 0

    def load() -> Trained[Any]:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("broken")
        return load_router(config)

    snapshot = ArtifactSnapshot(arms(served), load, lambda _: None)
    watch = ArtifactWatch({"routers.learnt": snapshot}, 60.0)
    for _ in range(2):
        retrained(served, {"cheap": 0.5 + 0.1 * calls, "dear": 0.2})
        await watch.look()
    assert calls == 3
    assert policy_model("routers.learnt", snapshot).problem == ""


def test_there_is_no_beginning_without_a_sound_artifact(tmp_path: Path) -> None:
    config = EstimatorConfig(artifact=tmp_path / "none.npz")
    with pytest.raises(InvalidArtifact, match=r"none\.npz"):
        ArtifactSnapshot(config.artifact, lambda: load_router(config), lambda _: None)


def retrained(served: Any, quality: dict[str, float]) -> str:
    """Train what is served anew; the version that comes out."""
    trained = train_arms("best_per_task", served.log(quality))
    return save_arms(arms(served), trained.model, trained.origin).version
