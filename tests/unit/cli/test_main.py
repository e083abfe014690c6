from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

import stigmergy
from stigmergy.cli.error_line import ErrorLine
from stigmergy.cli.main import COMMANDS, GROUPS
from stigmergy.errors import ConfigError, GraphError

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

HEAVY = {"ray", "torch", "numpy", "networkx", "sqlalchemy", "sympy", "openai"}


def paths() -> Iterator[tuple[str, ...]]:
    yield from ((name,) for name in COMMANDS)
    for name, group in GROUPS.items():
        for command in group.registered_commands:
            callback = command.callback
            yield name, command.name or (callback.__name__ if callback else "")


@pytest.mark.parametrize("path", [*paths()], ids=" ".join)
def test_every_command_explains_itself_and_speaks_json(run: Run, path: tuple[str, ...]) -> None:
    done = run(*path, "--help")
    assert done.exit_code == 0
    assert "--json" in done.stdout


def test_the_version_is_told(run: Run) -> None:
    assert stigmergy.__version__ in run("version").stdout
    assert json.loads(run("version", "--json").stdout)["stigmergy"] == stigmergy.__version__


@pytest.mark.parametrize("module", ["stigmergy", "stigmergy.client", "stigmergy.cli.main"])
def test_nothing_heavy_is_imported(module: str) -> None:
    script = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_package_alone_imports_neither_httpx_nor_pydantic_until_a_client_is_asked_for() -> None:
    script = (
        "import sys, stigmergy; print({'httpx', 'pydantic'} & set(sys.modules));"
        "print(stigmergy.Client.__module__, stigmergy.AsyncClient.__name__, 'Client' in dir(stigmergy))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["set()", "stigmergy.client.sync AsyncClient True"]


def test_a_name_that_the_package_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Clint'"):
        _ = getattr(stigmergy, "Clint")  # noqa: B009 -- a plain attribute would not pass the type checker


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (GraphError("first\n second"), "error: first second\n"),
        (GraphError(), "error: graph_error\n"),
        (ConfigError("f.yaml", (("a", "x"), ("b", "y"))), "error: f.yaml: 2 problems\n  a: x\n  b: y\n"),
    ],
)
def test_an_error_is_one_line_but_a_wrong_file_takes_one_for_each_mistake(error: Exception, said: str) -> None:
    app = typer.Typer(cls=ErrorLine)
    app.callback()(lambda: None)

    @app.command()
    def fail() -> None:
        raise error

    done = CliRunner().invoke(app, ["fail"], env={"NO_COLOR": "1"})
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", said)


def test_a_bug_keeps_its_traceback() -> None:
    app = typer.Typer(cls=ErrorLine)
    app.callback()(lambda: None)

    @app.command()
    def fail() -> None:
        raise ZeroDivisionError

    assert isinstance(CliRunner().invoke(app, ["fail"]).exception, ZeroDivisionError)
