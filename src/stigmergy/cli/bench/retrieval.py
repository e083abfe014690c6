"""``stigmergy bench retrieval``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, share, stdout, table, working

if TYPE_CHECKING:
    from stigmergy.bench.retrieval.measure import Measured

_SIZES = (1_000, 10_000, 80_000)


def retrieval(
    agents: Annotated[list[int] | None, typer.Option(min=50, max=80_000, help="How many, repeatable.")] = None,
    queries: Annotated[int, typer.Option(min=10, help="Asked of each size, half of them about clones.")] = 400,
    seed: Annotated[int, typer.Option(help="Draws agents and queries.")] = 0,
    data: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Parquet with suite, split, query, intent.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A sentence-transformers model, for --data.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How quickly, and how well, the right agents are found among up to 80,000 described ones.

    Among generated agents with near-duplicates and clones (same name and description, another body); with --data also
    among agents made of logged queries.
    """
    with needs("dev"):
        import scipy  # noqa: F401 - asked for here, so that its absence is told before the work

        from stigmergy.bench.retrieval.corpus import generate
        from stigmergy.bench.retrieval.logged import read_corpus
        from stigmergy.bench.retrieval.measure import measure
    measured: dict[str, Measured] = {}
    with working("measuring") as status:
        for size in agents or ([] if data else _SIZES):
            status.update(f"{size:,} agents")
            measured[f"generated {size}"] = measure(generate(size, queries, seed))
        if data is not None:
            corpus = read_corpus(data)
            status.update("logged queries, hashed n-grams")
            measured["logged"] = measure(corpus)
            if model is not None:
                status.update("logged queries, sentence embeddings")
                measured["logged, sentences"] = measure(corpus, model)
    if as_json:
        print_json({"seed": seed, "corpora": {name: each.document() for name, each in measured.items()}})
    else:
        _print(measured)


def _print(measured: Mapping[str, Measured]) -> None:
    for name, each in measured.items():
        rows = table(
            f"{name}: {each.agents:,} agents, {each.queries:,} queries; built in "
            f"{each.embedder_s + each.build_s:.1f} s, {each.mebibytes:.0f} MiB"
        )
        for heading in ("", "p50 ms", "p99 ms", "recall 1", "5", "20", "clones told apart"):
            rows.add_column(heading, justify="right" if heading else "left")
        for way, found in each.ways.items():
            shares = (share(value) for value in (*found.recall.values(), found.clones))
            rows.add_row(way, f"{found.p50_ms:.2f}", f"{found.p99_ms:.2f}", *shares)
        stdout().print(rows)
