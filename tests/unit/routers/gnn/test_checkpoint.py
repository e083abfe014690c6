"""An artifact is read as it was written, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from stigmergy.errors import InvalidArtifact
from stigmergy.routers.estimators.base import Queries
from stigmergy.routers.estimators.views import NGRAMS
from stigmergy.routers.gnn.checkpoint import GnnArtifact, load_gnn, save_gnn


def test_a_loaded_artifact_predicts_what_the_saved_one_did(
    artifact: GnnArtifact, queries: Queries, tmp_path: Path
) -> None:
    save_gnn(tmp_path, artifact)
    loaded = load_gnn(tmp_path)
    mine, its = (each.scorer.predict(queries.view(NGRAMS)) for each in (artifact, loaded))
    assert np.allclose(mine.quality, its.quality, atol=1e-5)
    assert np.allclose(mine.cost, its.cost, rtol=1e-5)
    assert loaded.describe() == artifact.describe()


def test_the_same_artifact_has_the_same_version(artifact: GnnArtifact, tmp_path: Path) -> None:
    assert save_gnn(tmp_path / "one", artifact) == save_gnn(tmp_path / "two", load_of(artifact, tmp_path / "three"))


def load_of(artifact: GnnArtifact, folder: Path) -> GnnArtifact:
    save_gnn(folder, artifact)
    return load_gnn(folder)


def test_changed_content_is_refused(artifact: GnnArtifact, tmp_path: Path) -> None:
    save_gnn(tmp_path, artifact)
    path = tmp_path / "artifact.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "bits": 11}))
    with pytest.raises(InvalidArtifact, match="does not match its version"):
        load_gnn(tmp_path)


def test_another_format_is_refused_by_name(artifact: GnnArtifact, tmp_path: Path) -> None:
    save_gnn(tmp_path, artifact)
    path = tmp_path / "artifact.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 7}))
    with pytest.raises(InvalidArtifact, match="gnn format 7"):
        load_gnn(tmp_path)


def test_a_folder_without_an_artifact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArtifact, match="cannot be read"):
        load_gnn(tmp_path)
