"""``stigmergy evaluate guard``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.output import printable, stderr, stdout, table, working

_FIGURES = ("score", "known_served", "strange_rejected", "accuracy", "auroc")


def guard(
    data: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Parquet with suite, split, gold_agent.")],
    suite: Annotated[list[str] | None, typer.Option(help="Only this suite, repeatable.")] = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    json_out: Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Where the JSON goes.")] = None,
) -> None:
    """Train a guard on each suite, and judge on its test split what it serves and what it rejects."""
    with needs("train"):
        from stigmergy.platform.learning.guarding.evaluation import evaluate
        from stigmergy.platform.learning.guarding.guard_log import read_guard_log
        from stigmergy.platform.learning.guarding.training import TrainingConfig
    log = read_guard_log(data)
    with working("evaluating") as status:
        document = evaluate(log, suite or (), TrainingConfig(), seed, told=status.update)
    print_report(document)
    if json_out:
        json_out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        stderr().print(f"wrote {json_out}")


def print_report(document: Mapping[str, Any]) -> None:
    """One row per suite, and what it rejected by kind."""
    console = stdout()
    shown = table("Guards on the test split; 95 % intervals over queries")
    shown.add_column("suite")
    for column in (*_FIGURES, "p99 ms"):
        shown.add_column(column.replace("_", " "), justify="right")
    for name, found in document["suites"].items():
        cells = (_cell(found[figure]) for figure in _FIGURES)
        shown.add_row(printable(name), *cells, f"{found['verdict_ms']['p99']:.2f}")
    console.print(shown)
    for name, found in document["suites"].items():
        rejected = ", ".join(f"{printable(kind)} {share:.1%}" for kind, share in found["rejected"].items())
        console.print(f"{printable(name)}: rejected {rejected}")
    if document["not_judged"]:
        console.print(f"not judged, for want of a split: {printable(', '.join(document['not_judged']))}")


def _cell(found: Mapping[str, float] | None) -> str:
    return "-" if found is None else f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
