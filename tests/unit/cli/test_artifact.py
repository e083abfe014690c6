"""``stigmergy artifact show``: an artifact tells what it is, and whether it is what was written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from stigmergy.cli.main import app
from stigmergy.routers.artifact_file import Origin, write_artifact
from stigmergy.routers.estimators.artifact import ArmModel, save_arms
from stigmergy.routers.estimators.base import Outcomes, Queries
from stigmergy.routers.estimators.catalog import entry


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    queries = Queries(texts=("1+1", "2+2"), tasks=("sum", "sum"), views={})
    cells = np.array([[1.0, 0.0], [1.0, 0.5]], dtype=np.float32)
    fitted = entry("best_per_task").make().fit(queries, Outcomes(arms=("a", "b"), quality=cells, cost=cells))
    model = ArmModel(name="best_per_task", arms=("a", "b"), fitted=fitted, looks=None, unit_usd=1.0)
    save_arms(tmp_path / "arms.npz", model, Origin(data={"log": "0" * 64}, code="1" * 16, config={}, queries=2))
    return tmp_path / "arms.npz"


def test_it_tells_what_it_contains_and_was_made_of(saved: Path) -> None:
    done = CliRunner().invoke(app, ["artifact", "show", str(saved), "--json"])
    told = json.loads(done.stdout)
    assert (told["kind"], told["arms"], told["queries"]) == ("estimator", ["a", "b"], 2)
    assert told["data"] == {"log": "0" * 64}
    assert "its fingerprint holds" in " ".join(CliRunner().invoke(app, ["artifact", "show", str(saved)]).stdout.split())


def test_one_that_was_changed_is_refused(saved: Path) -> None:
    with np.load(saved) as stored:
        arrays = {name: stored[name] for name in stored.files}
    name = next(each for each in arrays if arrays[each].dtype.kind == "f")
    arrays[name] = arrays[name] + 1
    np.savez(saved, **arrays)
    done = CliRunner().invoke(app, ["artifact", "show", str(saved)])
    assert done.exit_code == 1
    assert "does not match its version" in " ".join(done.output.split())


def test_what_is_of_no_known_kind_is_named(tmp_path: Path) -> None:
    write_artifact(tmp_path / "odd.npz", "odd", 1, {}, {})
    done = CliRunner().invoke(app, ["artifact", "show", str(tmp_path / "odd.npz")])
    assert done.exit_code == 1
    assert "of kind 'odd'" in " ".join(done.output.split())
