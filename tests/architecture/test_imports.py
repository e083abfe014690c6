"""Who may import whom, and what is loaded when."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("ray", "torch", "numpy", "networkx", "sqlalchemy", "openai", "sympy")
HELP = """
from typer.testing import CliRunner
from stigmergy.cli.main import app
done = CliRunner().invoke(app, ["--help"])
assert done.exit_code == 0, done.output
"""


def run(root: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=root, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_import_contracts_are_kept(root: Path) -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    assert "0 broken" in run(root, "-c", code)


@pytest.mark.parametrize(
    "code",
    [
        "import stigmergy",
        "import stigmergy.client, stigmergy.wire, stigmergy.errors, stigmergy.domain",
        HELP,
    ],
    ids=["import stigmergy", "the client", "stigmergy --help"],
)
def test_what_a_bare_install_uses_loads_nothing_heavy(root: Path, code: str) -> None:
    tell = f"\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules])"
    assert run(root, "-W", "error", "-c", code + tell).strip() == "[]"


def test_the_platform_itself_loads_neither_ray_nor_torch(root: Path) -> None:
    code = "import stigmergy.platform.runtime, sys; print([n for n in ('ray', 'torch') if n in sys.modules])"
    assert run(root, "-c", code).strip() == "[]"
