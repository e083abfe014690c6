"""``stigmergy evaluate replay``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from rich.text import Text

from stigmergy.cli.extras import needs
from stigmergy.cli.output import printable, stderr, stdout, table, working

if TYPE_CHECKING:
    from stigmergy.platform.learning.evaluation.arm_selection import Selected
    from stigmergy.platform.learning.evaluation.log_reading import Attempts

File: TypeAlias = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Parquet of this split.")]
Seeds: TypeAlias = Annotated[int, typer.Option(min=1, max=50, help="Assignments of the queries to five folds.")]
Samples: TypeAlias = Annotated[int, typer.Option(min=20, max=10_000, help="Samples behind each interval.")]
JsonOut: TypeAlias = Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Where the JSON goes.")]
HtmlOut: TypeAlias = Annotated[Path | None, typer.Option("--html", dir_okay=False, help="Where the HTML report goes.")]
_SENTENCES_HELP = "A sentence-transformers model, by name or folder; then the routers *_sentences can be asked for."


def replay(
    *,
    data: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="One Parquet file with a split column.")
    ] = None,
    train: File = None,
    val: File = None,
    test: File = None,
    router: Annotated[
        list[str] | None, typer.Option(help="Which router, repeatable; the baselines always come.")
    ] = None,
    exclude_arm: Annotated[list[str] | None, typer.Option(help="Leave this arm out, repeatable.")] = None,
    seeds: Seeds = 5,
    bootstrap: Samples = 500,
    sentences: Annotated[str | None, typer.Option(help=_SENTENCES_HELP)] = None,
    cache: Annotated[Path, typer.Option(file_okay=False, help="Where sentence embeddings are kept.")] = Path(
        ".stigmergy-embeddings"
    ),
    json_out: JsonOut = None,
    html_out: HtmlOut = None,
) -> None:
    """How much of the gap between the best random mixture of arms and the oracle does each router close?"""
    with needs("evaluate"):
        from stigmergy.platform.learning.evaluation.arm_selection import select_arms
        from stigmergy.platform.learning.evaluation.outcome_table import tabulate
    with working("reading the log"):
        selected = select_arms(tabulate(_read(data, train, val, test)), tuple(exclude_arm or ()))
    say_what_is_left_out(selected)
    document = _judged(selected, tuple(router or _every(sentences)), seeds, bootstrap, sentences, cache)
    write_report(document, json_out, html_out)
    print_report(document)


def _read(data: Path | None, train: Path | None, val: Path | None, test: Path | None) -> Attempts:
    from stigmergy.platform.learning.evaluation.log_reading import read_file, read_files

    parts = {"train": train, "val": val, "test": test}
    given = {split: path for split, path in parts.items() if path is not None}
    if data is not None and not given:
        return read_file(data)
    if data is None and len(given) == len(parts):
        return read_files(given)
    raise typer.BadParameter("give --data FILE, or all of --train, --val and --test")


def _every(sentences: str | None) -> list[str]:
    """Every router of the catalog that the views at hand suffice for."""
    from stigmergy.routers.estimators.catalog import ESTIMATORS
    from stigmergy.routers.estimators.views import SENTENCES

    if sentences is None:
        note("sentence embeddings are left out: name a model with --sentences (extra 'embeddings')")
    return [name for name, each in ESTIMATORS.items() if sentences is not None or each.view != SENTENCES]


def _judged(
    selected: Selected, routers: tuple[str, ...], seeds: int, samples: int, sentences: str | None, cache: Path
) -> dict[str, Any]:
    from stigmergy.platform.learning.evaluation.embedding import embed_queries
    from stigmergy.platform.learning.evaluation.replay import Replay
    from stigmergy.platform.learning.evaluation.report import report
    from stigmergy.platform.learning.evaluation.versions import code_versions
    from stigmergy.routers.embeddings import SentenceEmbedder
    from stigmergy.routers.estimators.catalog import entry

    for name in routers:
        entry(name)
    with working("embedding the queries") as status:
        embedder = None if sentences is None else SentenceEmbedder(sentences)
        embedded = embed_queries(selected.table, embedder, cache)
        found = Replay(selected.table, embedded, routers, samples=samples)
        readings = found.run(seeds, lambda what: status.update(f"replaying: {what}"))
    return report(selected, readings, code_versions(), seeds, samples)


def say_what_is_left_out(selected: Selected) -> None:
    """On stderr: arms and queries, and why."""
    for reason in dict.fromkeys(selected.left_out.values()):
        arms = [arm for arm, why in selected.left_out.items() if why == reason]
        note(f"arms left out: {', '.join(arms)} ({reason})")
    if selected.queries_dropped:
        note(f"{selected.queries_dropped} queries are left out: not complete on all arms")
    if selected.table.contradicting_queries:
        note(
            f"{selected.table.contradicting_queries} queries are left out: their rows disagree on query, task or split"
        )
    if selected.table.repeated_cells:
        note(
            f"{selected.table.repeated_cells} cells have several runs: their mean counts, and the oracle is optimistic"
        )


def note(text: str) -> None:
    """One line on stderr."""
    stderr().print(Text(printable(f"note: {text}"), style="dim"), soft_wrap=True)


def write_report(document: dict[str, Any], json_out: Path | None, html_out: Path | None) -> None:
    """To the files that were asked for."""
    from stigmergy.platform.learning.evaluation.page import html

    if json_out is not None:
        json_out.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    if html_out is not None:
        html_out.write_text(html(document), encoding="utf-8")


def print_report(document: dict[str, Any]) -> None:
    """One row per router."""
    rows = table(f"{document['data']['queries']['kept']} queries, {len(document['data']['arms'])} arms")
    for heading in ("router", "gap closed", "95 % interval", "less nearest", "quality at best's cost", "p50 ms"):
        rows.add_column(heading, justify="left" if heading == "router" else "right", no_wrap=True)
    for name, each in document["routers"].items():
        gap, less, timed = each["gap_closed"], each["versus"]["nearest"], each["decision_ms"]
        rows.add_row(
            name,
            f"{gap['mean']:.3f}" if gap else "-",
            f"{gap['low']:.3f} .. {gap['high']:.3f}" if gap else "-",
            f"{less['diff']:+.3f}" if less else "-",
            f"{each['quality_at_best_single_cost']:.4f}",
            f"{timed['p50']:.2f}" if timed else "-",
        )
    stdout().print(rows)
