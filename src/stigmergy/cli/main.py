"""The command line: every command is registered here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import typer

from stigmergy.cli import artifact, bench, config, episodes, evaluate, graph, keys, models, policies, tasks, train
from stigmergy.cli.demo.command import demo
from stigmergy.cli.deploy import deploy
from stigmergy.cli.error_line import ErrorLine
from stigmergy.cli.serve import serve
from stigmergy.cli.status import status
from stigmergy.cli.stop import stop
from stigmergy.cli.submit import submit
from stigmergy.cli.train_demo.command import train_demo
from stigmergy.cli.version import version

COMMANDS: Mapping[str, Callable[..., Any]] = {
    "demo": demo,
    "serve": serve,
    "stop": stop,
    "train-demo": train_demo,
    "deploy": deploy,
    "status": status,
    "submit": submit,
    "version": version,
}
GROUPS: Mapping[str, typer.Typer] = {
    "tasks": tasks.app,
    "episodes": episodes.app,
    "graph": graph.app,
    "policies": policies.app,
    "keys": keys.app,
    "models": models.app,
    "config": config.app,
    "evaluate": evaluate.app,
    "train": train.app,
    "artifact": artifact.app,
    "bench": bench.app,
}

app = typer.Typer(
    name="stigmergy",
    cls=ErrorLine,
    no_args_is_help=True,
    # A traceback that shows local variables could show a key.
    pretty_exceptions_show_locals=False,
    help="Multi-agent workloads, routed by what every run has learnt.",
)
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
for _name, _group in GROUPS.items():
    app.add_typer(_group, name=_name)
