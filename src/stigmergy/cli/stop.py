"""``stigmergy stop``."""

from __future__ import annotations

from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout, working
from stigmergy.wire import DEFAULT_PORT


def stop(
    port: Annotated[int, typer.Option(help="The port that the server was started on.")] = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """Stop the server of a port, and clear what a killed one left. Nothing else is touched."""
    with needs("serve"):
        from stigmergy.deployments.instance import recorded_instance
    instance = recorded_instance(port)
    stopped, cleared = False, 0
    if instance is not None:
        with working(f"stopping the server on port {port}"):
            stopped = instance.alive and instance.ask_to_stop()
            cleared = instance.clear()
    if as_json:
        print_json({"port": port, "stopped": stopped, "cleared_processes": cleared})
    elif instance is None:
        stdout().print(f"no server is recorded for port {port}")
    else:
        stdout().print(f"port {port}: {'stopped' if stopped else 'it was dead'}, {cleared} processes cleared")
