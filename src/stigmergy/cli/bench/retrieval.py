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
_SUCCESSORS = (200, 2_000, 20_000)


def retrieval(
    agents: Annotated[list[int] | None, typer.Option(min=50, max=80_000, help="How many, repeatable.")] = None,
    successors: Annotated[
        list[int] | None, typer.Option(min=50, max=20_000, help="A node's, for what a hop takes, repeatable.")
    ] = None,
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
    """How quickly, and how well, the right agents are found among up to 80,000: generated ones, clones among them."""
    with needs("dev"):
        import scipy  # noqa: F401 - asked for here, so that its absence is told before the work

        from stigmergy.bench.retrieval.corpus import generate
        from stigmergy.bench.retrieval.measure import measure
        from stigmergy.bench.retrieval.served import hop_ms
    measured: dict[str, Measured] = {}
    hops: dict[int, Mapping[str, float]] = {}
    with working("measuring") as status:
        for size in agents or ([] if data or successors else _SIZES):
            status.update(f"{size:,} agents")
            measured[f"generated {size}"] = measure(generate(size, queries, seed))
        for size in successors or ([] if data or agents else _SUCCESSORS):
            status.update(f"a hop with {size:,} successors")
            hops[size] = hop_ms(generate(size, queries, seed))
        if data is not None:
            status.update("logged queries")
            measured |= _logged(data, model)
    if as_json:
        corpora = {name: each.document() for name, each in measured.items()}
        print_json({"seed": seed, "corpora": corpora, "hop_ms": {str(size): each for size, each in hops.items()}})
    else:
        _print(measured, hops)


def _logged(data: Path, model: Path | None) -> dict[str, Measured]:
    """With hashed n-grams, and with sentence embeddings where there is a model."""
    from stigmergy.bench.retrieval.logged import read_corpus
    from stigmergy.bench.retrieval.measure import measure

    corpus = read_corpus(data)
    found = {"logged": measure(corpus)}
    if model is not None:
        found["logged, sentences"] = measure(corpus, model)
    return found


def _print(measured: Mapping[str, Measured], hops: Mapping[int, Mapping[str, float]]) -> None:
    for name, each in measured.items():
        rows = table(
            f"{name}: {each.agents:,} agents, {each.queries:,} queries; built in "
            f"{each.embedder_s + each.build_s:.1f} s, {each.mebibytes:.0f} MiB"
        )
        for heading in ("", "p50 ms", "p99 ms", "cpu p50", "cpu p99", "recall 1", "5", "20", "clones"):
            rows.add_column(heading, justify="right" if heading else "left")
        for way, found in each.ways.items():
            shares = (share(value) for value in (*found.recall.values(), found.clones))
            times = (found.p50_ms, found.p99_ms, found.cpu_p50_ms, found.cpu_p99_ms)
            rows.add_row(way, *(f"{taken:.2f}" for taken in times), *shares)
        stdout().print(rows)
    if hops:
        _print_hops(hops)


def _print_hops(hops: Mapping[int, Mapping[str, float]]) -> None:
    rows = table("A hop with many successors, in its parts: median milliseconds")
    rows.add_column("")
    for size in hops:
        rows.add_column(f"{size:,} successors", justify="right")
    for part in next(iter(hops.values())):
        rows.add_row(part, *(f"{taken[part]:.2f}" for taken in hops.values()))
    stdout().print(rows)
