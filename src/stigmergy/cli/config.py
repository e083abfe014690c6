"""``stigmergy config``."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, printable, stderr, stdout
from stigmergy.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="The configuration file.")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A YAML file.")],
    as_json: AsJson = False,
) -> None:
    """Check a file; every mistake is told at once, with its path in the file; packaged prices that are old, too."""
    with needs("core"):
        from stigmergy.platform.settings import load_settings, old_prices
    try:
        settings = load_settings(file, os.environ)
    except ConfigError as error:
        if not as_json:
            raise
        problems = [{"path": path, "problem": problem} for path, problem in error.problems]
        print_json({"file": str(file), "ok": False, "problems": problems})
        raise typer.Exit(1) from None
    old = old_prices(settings, datetime.now(UTC).date())
    if as_json:
        warnings = [{"path": path, "warning": warning} for path, warning in old]
        print_json({"file": str(file), "ok": True, "problems": [], "warnings": warnings})
    else:
        for path, warning in old:
            stderr().print(Text.assemble(("warning: ", "yellow"), printable(f"{path} {warning}")), soft_wrap=True)
        stdout().print(Text.assemble(("ok", "green"), " ", printable(str(file))), soft_wrap=True)


@app.command()
def schema(
    as_json: Annotated[bool, typer.Option("--json", help="The schema is JSON with and without this.")] = False,
) -> None:
    """The JSON Schema of the file, for editors to complete it by."""
    del as_json
    with needs("core"):
        from stigmergy.platform.settings import settings_schema
    print_json(settings_schema())
