"""``stigmergy artifact``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, printable, stdout, table

app = typer.Typer(no_args_is_help=True, help="Trained artifacts: what a router, a panel or a guard serves with.")


@app.callback()
def artifact() -> None:
    """Trained artifacts: what a router, a panel or a guard serves with."""


@app.command()
def show(
    path: Annotated[Path, typer.Argument(exists=True, metavar="FILE", help="The file, or the folder of a GNN.")],
    as_json: AsJson = False,
) -> None:
    """What an artifact contains and was made of; exit status 1 if it is not what was written."""
    with needs("core"):
        from stigmergy.routers.artifacts import describe_artifact
    described = describe_artifact(path)
    if as_json:
        print_json(described)
        return
    console = stdout()
    console.print(Text(printable(f"{path}: {described['version']}, its fingerprint holds")))
    rows = table("Content")
    for heading in ("", "value"):
        rows.add_column(heading, overflow="fold")
    for name, value in described.items():
        if name != "version":
            rows.add_row(name, Text(printable(value if isinstance(value, str) else json.dumps(value))))
    console.print(rows)
