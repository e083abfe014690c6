"""``stigmergy demo``."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout
from stigmergy.cli.serve import stop_signal

_LEARN_ONE_SEED = (300,)
_LEARN_MANY_SEEDS = (300, 1500)


def demo(
    seeds: Annotated[int, typer.Option(min=1, max=50, help="How often to repeat everything with other tasks.")] = 1,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the JSON document goes.")] = Path("demo.json"),
    as_json: AsJson = False,
) -> None:
    """Serve the workbench, run the baselines, learn from logged episodes, break things, and show it in one table.

    One seed learns from 300 episodes; several seeds are measured again after 1,500.
    """
    with needs("serve"):
        from stigmergy.cli.demo.report import document, print_report
        from stigmergy.cli.demo.script import run_seed, served_stage
    learn = _LEARN_ONE_SEED if seeds == 1 else _LEARN_MANY_SEEDS
    with (
        stop_signal() as stopped,
        tempfile.TemporaryDirectory(prefix="stigmergy-demo-") as folder,
        served_stage(Path(folder), seeds) as (stage, client),
    ):
        reports = [run_seed(stage, client, seed, learn) for seed in range(seeds)]
    if stopped.is_set():
        raise typer.Exit(130)
    found = document(reports)
    out.write_text(json.dumps(found, indent=1))
    if as_json:
        print_json(found)
    else:
        print_report(stdout(), reports)
        stdout().print(f"written to {out}")
