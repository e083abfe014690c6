"""``stigmergy evaluate off-policy``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.output import printable, stderr, stdout, table, working


def off_policy(
    log: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Parquet with uniform and other runs.")],
    seed: Annotated[int, typer.Option(help="Of folds and bootstrap.")] = 0,
    clip: Annotated[float, typer.Option(min=1.0, help="Largest importance ratio.")] = float("inf"),
    json_out: Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Where the JSON goes.")] = None,
) -> None:
    """Estimate what other runs' choices are worth from uniformly random ones, beside what they were worth in truth."""
    with needs("train"):
        from stigmergy.platform.learning.off_policy.bandit_log import read_bandit_log
        from stigmergy.platform.learning.off_policy.report import judge_tables
    with working("estimating"):
        document = judge_tables(read_bandit_log(log), seed=seed, clip=clip)
    _print(document)
    if json_out:
        json_out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        stderr().print(f"wrote {json_out}")


def _print(document: Mapping[str, Any]) -> None:
    shown = table("What a policy is worth, estimated from the log; 95 % intervals over queries")
    for column in ("policy", "truth", "effective sample"):
        shown.add_column(column, justify="left" if column == "policy" else "right")
    for name in document["estimators"]:
        shown.add_column(name.replace("_", " "), justify="right")
    for name, found in document["policies"].items():
        cells = [_cell(found["values"].get(each)) for each in document["estimators"]]
        shown.add_row(printable(name), f"{found['truth']:.4f}", f"{found['effective_sample_size']:.0f}", *cells)
    stdout().print(shown)
    for name, found in document["policies"].items():
        if found["refused"]:
            stdout().print(f"{printable(name)} is not judged: {found['refused']}")


def _cell(found: Mapping[str, float] | None) -> str:
    return "-" if found is None else f"{found['mean']:.4f} [{found['low']:.4f}, {found['high']:.4f}]"
