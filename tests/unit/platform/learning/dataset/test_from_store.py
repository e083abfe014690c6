"""Episodes of a real store become transitions; runs add what is new, and a killed one leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from stigmergy.errors import InvalidLog
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.learning.dataset.folder import DatasetFolder
from stigmergy.platform.learning.dataset.from_store import StoreAt, extend_from_store
from stigmergy.platform.learning.dataset.jobs import Job, Written
from stigmergy.platform.learning.dataset.recipe import load_recipe
from stigmergy.platform.learning.dataset.spreading import one_by_one
from stigmergy.platform.learning.dataset.tables import read_transitions
from stigmergy.platform.learning.rl.transitions import RLLIB_COLUMNS, Transitions
from stigmergy.platform.store import open_existing, open_store


def at(path: Path) -> StoreAt:
    return StoreAt(f"sqlite:///{path}", open_existing)


def made(out: Path) -> Transitions:
    return read_transitions(DatasetFolder(out).parts())


@pytest.fixture
def dataset(store: Path, graph: AgentGraph, tmp_path: Path) -> Path:
    out = tmp_path / "dataset"
    extend_from_store(at(store), graph, out, one_by_one)
    return out


def test_every_judged_episode_is_there_once_besides_its_copies(dataset: Path) -> None:
    manifest = DatasetFolder(dataset).manifest()
    assert manifest is not None
    assert manifest.episodes == 40
    transitions = made(dataset)
    logged = ~transitions["relabelled"]
    assert len(set(transitions["episode"][logged])) == 40
    assert transitions["relabelled"].any()
    assert manifest.rows == len(transitions)


def test_columns_are_those_that_rllib_reads(dataset: Path) -> None:
    transitions = made(dataset)
    assert set(RLLIB_COLUMNS.values()) <= set(transitions.columns)
    size = load_recipe(dataset / "recipe.npz").spec.size
    assert transitions["observation"].shape == transitions["next_observation"].shape == (len(transitions), size)
    assert np.allclose(np.exp(transitions["log_propensity"]), transitions["propensity"])


def test_what_was_chosen_was_feasible_with_a_propensity_and_fits_the_budget(dataset: Path) -> None:
    transitions = made(dataset)
    rows = np.arange(len(transitions))
    assert transitions["action_mask"][rows, transitions["action"]].all()
    assert (transitions["propensity"] > 0.0).all()
    limited = transitions["budget"] >= 0
    assert limited.any()
    assert (transitions["budget_left"] >= transitions["charged"])[limited].all()
    mask = load_recipe(dataset / "recipe.npz").spec.mask
    assert np.array_equal(transitions["observation"][:, mask].astype(bool), transitions["action_mask"])


def test_an_episode_ends_once_with_its_quality(dataset: Path) -> None:
    transitions = made(dataset)
    ends = transitions["terminated"] | transitions["truncated"]
    starts = transitions["hop"] == 0
    assert ends.sum() == starts.sum()
    assert np.isfinite(transitions["quality"][transitions["terminated"]]).all()


def test_copies_share_split_and_cluster_with_their_episode(dataset: Path) -> None:
    transitions = made(dataset)
    homes: dict[str, set[tuple[str, str]]] = {}
    for name, split, cluster in zip(transitions["episode"], transitions["split"], transitions["cluster"], strict=True):
        homes.setdefault(name.partition("/")[0], set()).add((split, cluster))
    assert all(len(found) == 1 for found in homes.values())


def test_a_second_run_adds_only_what_is_new(
    store: Path, dataset: Path, graph: AgentGraph, fill: Callable[[Path, int, int], None]
) -> None:
    before = DatasetFolder(dataset).manifest()
    assert extend_from_store(at(store), graph, dataset, one_by_one) == before
    fill(store, 2, 10)
    after = extend_from_store(at(store), graph, dataset, one_by_one)
    assert before is not None
    assert after.episodes == before.episodes + 10
    assert after.parts[: len(before.parts)] == before.parts
    assert after.recipe == before.recipe
    names = made(dataset)["episode"]
    assert len(set(names)) == len({name.partition("/")[0] for name in names}) + sum("/" in n for n in set(names))


def test_the_same_store_gives_the_same_dataset(store: Path, dataset: Path, graph: AgentGraph, tmp_path: Path) -> None:
    again = extend_from_store(at(store), graph, tmp_path / "again", one_by_one)
    first = DatasetFolder(dataset).manifest()
    assert first is not None
    assert again.fingerprint == first.fingerprint


def test_a_run_that_dies_leaves_the_dataset_as_it_was_and_the_next_one_catches_up(
    store: Path, dataset: Path, graph: AgentGraph, fill: Callable[[Path, int, int], None]
) -> None:
    def dies(job: Job, keys: Sequence[str], aside: Path) -> list[Written]:
        one_by_one(job, keys, aside)
        raise KeyboardInterrupt

    before = DatasetFolder(dataset).manifest()
    fill(store, 2, 10)
    with pytest.raises(KeyboardInterrupt):
        extend_from_store(at(store), graph, dataset, dies)
    assert DatasetFolder(dataset).manifest() == before
    # A run that dies after its parts were moved, and before the manifest was, leaves a folder that nobody counts.
    (dataset / "run-00002").mkdir()
    assert extend_from_store(at(store), graph, dataset, one_by_one).episodes == 50


def test_a_store_without_episodes_is_refused(graph: AgentGraph, tmp_path: Path) -> None:
    import asyncio

    asyncio.run(open_store(f"sqlite:///{tmp_path / 'empty.db'}").aclose())
    with pytest.raises(InvalidLog, match="no finished episode"):
        extend_from_store(at(tmp_path / "empty.db"), graph, tmp_path / "out", one_by_one)
    assert not (tmp_path / "out").exists()


def test_a_password_in_the_url_is_not_written_down() -> None:
    assert str(StoreAt("postgresql://me:secret@host/db", open_existing)) == "postgresql://me:***@host/db"
