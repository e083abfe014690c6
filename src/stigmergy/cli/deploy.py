"""``stigmergy deploy``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson, ClusterAddress
from stigmergy.cli.output import print_json, stdout, working

_WITHIN_S = 300.0


def deploy(
    config: Annotated[Path, typer.Argument(dir_okay=False, help="The YAML file to serve.")],
    address: ClusterAddress = None,
    folder: Annotated[str, typer.Option(help="Where relative paths in the file begin on the cluster.")] = ".",
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait until everything runs.")] = _WITHIN_S,
    as_json: AsJson = False,
) -> None:
    """Serve a configuration on a running Ray cluster, or roll a changed one out: replica by replica, under load.

    Variables in the file are filled in on the cluster. Those that are set here too let it be checked before it is sent.
    """
    with needs("core"):
        from stigmergy.deployments.rollout import read_rollout, roll_out
    from stigmergy.deployments.serve_api import DEFAULT_ADDRESS, ServeApi, cluster_token

    rollout = read_rollout(config, os.environ, folder)
    with ServeApi(address or DEFAULT_ADDRESS, cluster_token(os.environ)) as api, working("rolling out"):
        roll_out(api, rollout, timeout)
    if as_json:
        print_json({"address": api.address, "status": "RUNNING", "checked": rollout.checked})
    else:
        stdout().print(f"{config} runs on {api.address}" + ("" if rollout.checked else " (checked there alone)"))
