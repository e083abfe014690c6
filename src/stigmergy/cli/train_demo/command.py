"""``stigmergy train-demo``."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, stdout
from stigmergy.cli.serve import stop_signal


def train_demo(
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the JSON document goes.")] = Path("train-demo.json"),
    as_json: AsJson = False,
) -> None:
    """Serve the workbench, log, train a policy with RLlib, try and promote it; refuse and take back bad ones.

    Exits with 1 where one of the three was not shown: the promotion, the refusal, the rollback.
    """
    with needs("serve"), needs("train"):
        from stigmergy.cli.train_demo.report import document, print_report
        from stigmergy.cli.train_demo.script import Script, served_stage
        from stigmergy.cli.train_demo.timing import Phases
    began, phases = time.monotonic(), Phases()
    with (
        stop_signal() as stopped,
        tempfile.TemporaryDirectory(prefix="stigmergy-train-demo-") as folder,
        served_stage(Path(folder), phases) as (stage, client),
    ):
        report = Script(stage, client, phases).run()
    if stopped.is_set():
        raise typer.Exit(130)
    found = document(report, time.monotonic() - began)
    out.write_text(json.dumps(found, indent=1))
    if as_json:
        print_json(found)
    else:
        print_report(stdout(), report)
        stdout().print(f"written to {out}")
    if not (report.promoted and report.refused and report.rolled_back):
        raise typer.Exit(1)
