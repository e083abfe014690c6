"""Progress of long work on stderr: bars on a terminal, one line per phase elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from stigmergy.cli.output import seconds, stderr

Advance: TypeAlias = Callable[[int], None]
"""Told how much is done."""


@contextmanager
def working(on_what: str) -> Iterator[None]:
    """Work of unknown length."""
    console, began = stderr(), time.monotonic()
    with console.status(on_what):
        yield
    console.print(f"{on_what}: {seconds(time.monotonic() - began)}")


@contextmanager
def counting(on_what: str, total: int) -> Iterator[Advance]:
    """Work of known length; yields what to tell how much is done."""
    console, began = stderr(), time.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(on_what, total=total)
        yield lambda done: progress.update(bar, completed=done)
    console.print(f"{on_what}: {seconds(time.monotonic() - began)}")
