from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

WITHOUT_CORE = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"networkx", "numpy", "sqlalchemy"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from stigmergy.cli.main import app
app(sys.argv[1:])
"""


def test_every_mistake_of_a_file_is_told_at_once(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("agentz: {}\ngraphs: 5\n")
    done = run("config", "check", str(file))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "agentz" in done.stderr
    assert "graphs" in done.stderr
    assert "Traceback" not in done.stderr


def test_mistakes_as_json_are_pairs_of_path_and_problem(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("agentz: {}\n")
    done = run("config", "check", str(file), "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (told["file"], told["ok"]) == (str(file), False)
    assert "agentz" in {problem["path"] for problem in told["problems"]}


def test_a_file_that_is_not_there_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    assert run("config", "check", str(tmp_path / "none.yaml")).exit_code == 2


def test_the_schema_is_one_json_document(run: Run) -> None:
    schema = json.loads(run("config", "schema").stdout)
    assert schema["type"] == "object"
    assert "agents" in schema["properties"]
    assert json.loads(run("config", "schema", "--json").stdout) == schema


def test_without_the_core_extra_the_extra_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CORE, "config", "schema"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: this needs '")
    assert "pip install 'stigmergy[core]'" in done.stderr
