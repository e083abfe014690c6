"""``stigmergy version``."""

from __future__ import annotations

import platform

import typer

from stigmergy import __version__
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json


def version(as_json: AsJson = False) -> None:
    """The version of this program."""
    if as_json:
        print_json({"stigmergy": __version__, "python": platform.python_version()})
    else:
        typer.echo(f"stigmergy {__version__} (Python {platform.python_version()})")
