"""``stigmergy serve``."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout

if TYPE_CHECKING:
    from stigmergy.platform.settings import Settings

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", dir_okay=False, help="A YAML file; else the embedded workbench.")
]


def serve(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Start Ray and Serve on this machine and serve a configuration until Ctrl-C."""
    with needs("serve"):
        from stigmergy.deployments.local_cluster import local_cluster
    settings = read_settings(config)
    with stop_signal() as stopped, local_cluster(settings) as url:
        _announce(settings, url, as_json)
        stopped.wait()


def read_settings(config: Path | None) -> Settings:
    """The settings of a file, or those of the embedded workbench."""
    with needs("core"):
        from stigmergy.platform.settings import load_settings
        from stigmergy.platform.workbench import WORKBENCH
    return load_settings(config or WORKBENCH, os.environ)


@contextmanager
def stop_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set. From then on they do nothing else, so that stopping is not cut.

    Not even after the block: Ray's daemons pass the signal on as they die, and who ended as asked ends with status 0.
    """
    stopped = threading.Event()

    def stop(_signal: int, _frame: object) -> None:
        if stopped.is_set():
            return
        stopped.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    except KeyboardInterrupt:
        # Asked to stop: that is how serving ends, not an error.
        stopped.set()
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if stopped.is_set() else handler)


def _announce(settings: Settings, url: str, as_json: bool) -> None:
    if as_json:
        print_json({"url": url, "graphs": list(settings.graphs), "routers": list(settings.routers)})
        return
    table = Table(show_header=False, box=None)
    table.add_row("serving", url)
    table.add_row("graphs", ", ".join(settings.graphs))
    table.add_row("routers", ", ".join(settings.routers))
    table.add_row("store", settings.store.url)
    stdout().print(table)
    stdout().print("Ctrl-C stops it.")
