"""An error of Stigmergy is one line for a person, not a traceback."""

from __future__ import annotations

from typing import Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from stigmergy.cli.output import printable, stderr
from stigmergy.errors import ConfigError, StigmergyError


class ErrorLine(TyperGroup):
    """The group of all commands: a StigmergyError becomes a red line on stderr and exit status 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; any other exception is a bug and keeps its traceback."""
        try:
            return super().invoke(ctx)
        except StigmergyError as error:
            print_error(error)
            raise typer.Exit(1) from None


def print_error(error: StigmergyError) -> None:
    """The error as a red line on stderr; one that lists several mistakes (ConfigError) takes a line for each."""
    said = str(error).rstrip() or error.code
    line = said if isinstance(error, ConfigError) else " ".join(said.split())
    stderr().print(Text(printable(f"error: {line}"), style="red"), soft_wrap=True)
