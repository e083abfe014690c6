"""A part of a dataset is a dataset, of the episodes about some task types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stigmergy.errors import InvalidLog
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.learning.dataset.folder import DatasetFolder
from stigmergy.platform.learning.dataset.from_store import StoreAt, extend_from_store
from stigmergy.platform.learning.dataset.narrowing import narrowed
from stigmergy.platform.learning.dataset.recipe import load_recipe
from stigmergy.platform.learning.dataset.spreading import one_by_one
from stigmergy.platform.learning.dataset.tables import read_transitions
from stigmergy.platform.store import open_existing


@pytest.fixture
def dataset(store: Path, graph: AgentGraph, tmp_path: Path) -> Path:
    out = tmp_path / "dataset"
    extend_from_store(StoreAt(f"sqlite:///{store}", open_existing), graph, out, one_by_one)
    return out


def likeliest(folder: DatasetFolder) -> list[str]:
    spec = load_recipe(folder.recipe_path).spec
    observed = read_transitions(folder.parts())["observation"][:, spec.blocks["mixture"]]
    return [spec.tasks[place] for place in observed.argmax(axis=1)]


def test_it_holds_the_episodes_about_the_types_alone_and_whole(dataset: Path, tmp_path: Path) -> None:
    manifest = narrowed(dataset, ("dates", "text"), tmp_path / "part")
    whole, part = DatasetFolder(dataset), DatasetFolder(tmp_path / "part")
    assert part.manifest() == manifest
    assert likeliest(part) == [each for each in likeliest(whole) if each in ("dates", "text")]
    assert part.recipe_path.read_bytes() == whole.recipe_path.read_bytes()
    told = read_transitions(part.parts())
    hops, lasts = told["hop"], told["terminated"] | told["truncated"]
    assert manifest.rows == len(hops)
    assert np.array_equal(np.flatnonzero(hops == 0)[1:] - 1, np.flatnonzero(lasts)[:-1])


def test_types_that_no_episode_is_about_are_refused(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match="no episode is about weather"):
        narrowed(dataset, ("weather",), tmp_path / "part")


def test_a_folder_without_a_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match="no dataset"):
        narrowed(tmp_path, ("dates",), tmp_path / "part")
