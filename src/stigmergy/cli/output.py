"""What goes to stdout and stderr, and in which form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import typer
from pydantic import BaseModel
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.status import Status
from rich.table import Table


def stdout() -> Console:
    """Where results go. Made anew each time, so that it follows redirections."""
    return Console(highlight=False)


def stderr() -> Console:
    """Where errors and progress go."""
    return Console(stderr=True, highlight=False)


def working(on_what: str) -> AbstractContextManager[Status]:
    """A spinner on stderr for as long as work takes; nothing where stderr is no terminal."""
    return stderr().status(on_what)


def print_json(value: BaseModel | Sequence[BaseModel] | Mapping[str, Any]) -> None:
    """Write one JSON document to stdout."""
    if isinstance(value, BaseModel):
        document: Any = value.model_dump(mode="json")
    elif isinstance(value, Mapping):
        document = value
    else:
        document = [item.model_dump(mode="json") for item in value]
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def table(title: str | None = None) -> Table:
    """An empty table in the one style of all commands."""
    return Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False, pad_edge=False
    )


def printable(text: str) -> str:
    """The text without control characters: an answer must not be able to steer the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def usd(amount: Decimal) -> str:
    """Money, exact, without trailing zeros: ``$0.0012``."""
    return f"${amount.normalize():f}"


def seconds(amount: float | None) -> str:
    """A time as a person reads it: ``3.2 ms``, ``1.25 s``; a dash where it is not known."""
    if amount is None:
        return "-"
    return f"{amount * 1000:.3g} ms" if amount < 1 else f"{amount:.3g} s"


def share(part: float | None) -> str:
    """A number in [0, 1] to two places; a dash where it is not known."""
    return "-" if part is None else f"{part:.2f}"


def arrows(route: Sequence[str]) -> str:
    """A route as a person reads it: ``parse → solve``."""
    return " → ".join(printable(node) for node in route) or "-"
