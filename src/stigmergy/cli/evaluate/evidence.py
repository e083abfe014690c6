"""``stigmergy evaluate evidence``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.output import printable, stderr, stdout, table, working

_COLUMNS = (
    "method", "quality", "at cost", "points at cost 1", "cost at equal", "at -0.5", "at -1", "evidence ahead by",
)  # fmt: skip
_WIDTH = 160
_NAMES = {
    "evidence": "evidence router",
    "best_single": "best single agent",
    "cheapest": "cheapest agent",
    "vote": "vote of all agents",
    "weighted_vote": "weighted vote of all",
    "probes": "cheap probes (ACAR)",
    "threshold_chain": "threshold chain (FrugalGPT)",
}


def evidence(
    data: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Parquet with pred or response.")],
    task: Annotated[list[str] | None, typer.Option(help="Only this task, repeatable.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=50, help="Assignments of the queries to five folds.")] = 5,
    roster: Annotated[int, typer.Option(min=1, max=7, help="Most agents that take part.")] = 4,
    json_out: Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Where the JSON goes.")] = None,
) -> None:
    """Ask one agent more, or stop? The evidence router against votes, probes and chains, on logs with answers."""
    with needs("evaluate"):
        from stigmergy.platform.learning.evidence.evaluation import evaluate
        from stigmergy.platform.learning.evidence.log_reading import read_answer_log
        from stigmergy.platform.learning.evidence.report import to_document
        from stigmergy.platform.learning.evidence.training_config import TrainingConfig
    log, config = read_answer_log(data, task or ()), TrainingConfig(roster_size=roster)
    with working("evaluating") as status:
        results = evaluate(log, config, seeds, told=status.update)
    document = to_document(log, config, results)
    print_report(document)
    if json_out:
        json_out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        stderr().print(f"wrote {json_out}")


def print_report(document: Mapping[str, Any]) -> None:
    """One row per method, means over seeds; then how the seeds differ."""
    console = stdout()
    console.width = max(console.width, _WIDTH)
    seeds = document["seeds"]
    data = document["data"]
    shown = table(
        f"{data['queries']} queries, {len(data['agents'])} agents, {len(seeds)} seed(s), five folds each; "
        "cost in units of the best single agent's mean; 95 % intervals"
    )
    for column in _COLUMNS:
        shown.add_column(column, justify="left" if column == "method" else "right", no_wrap=True)
    for name, figures in document["methods"].items():
        shown.add_row(_NAMES.get(name, printable(name)), *_cells(figures))
    console.print(shown)
    for seed in seeds:
        console.print(f"seed {seed['seed']}: {_seed_line(seed)}")


def _cells(figures: Mapping[str, Any]) -> tuple[str, ...]:
    dearest, share = figures["dearest"], figures["cost_share"]
    return (
        f"{100 * dearest['quality']:.2f}",
        f"{dearest['cost_share']:.2f}",
        _points(figures["gain_at_best_single_cost"]),
        *(_share(share[points]) for points in ("0", "0.5", "1")),
        _points(figures["evidence_ahead"]),
    )


def _seed_line(seed: Mapping[str, Any]) -> str:
    ours, chain = seed["methods"]["evidence"], seed["methods"]["threshold_chain"]
    rosters = sorted({", ".join(roster) for roster in seed["rosters"]})
    return (
        f"gain {_points(ours['gain_at_best_single_cost'])}, cost at equal {_share(ours['cost_share']['0'])}, "
        f"ahead of the chain by {_points(chain['evidence_ahead'])}; roster {printable(' | '.join(rosters))}"
    )


def _points(interval: Mapping[str, float] | None) -> str:
    if interval is None:
        return "dearer"
    return f"{100 * interval['mean']:+.2f} [{100 * interval['low']:+.2f}, {100 * interval['high']:+.2f}]"


def _share(interval: Mapping[str, float | None] | None) -> str:
    if interval is None:
        return "never"
    mean, low, high = (interval[part] for part in ("mean", "low", "high"))
    return f"{mean:.2f} [{_bound(low)}, {_bound(high)}]"


def _bound(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f}"
