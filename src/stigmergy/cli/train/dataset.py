"""``stigmergy train dataset``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, printable, stdout, working
from stigmergy.cli.serve import read_settings

if TYPE_CHECKING:
    from stigmergy.platform.learning.dataset.folder import Manifest
    from stigmergy.platform.learning.dataset.spreading import Spread


def dataset(
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder of the dataset; extended if it holds one.")],
    store: Annotated[str | None, typer.Option("--from", metavar="URL", help="A store with finished episodes.")] = None,
    data: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Or a Parquet log: of outcomes, or of steps.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", dir_okay=False, help="YAML with the graph; else the workbench's.")
    ] = None,
    graph: Annotated[str | None, typer.Option(help="Whose episodes; else the default graph of the config.")] = None,
    cost_weight: Annotated[float, typer.Option(min=0.0, help="Quality that dearest against cheapest is worth.")] = 0.1,
    in_process: Annotated[bool, typer.Option("--in-process", help="Without Ray, one part after another.")] = False,
    as_json: AsJson = False,
) -> None:
    """Turn episodes into transitions for learners, as Parquet through Ray Data; run again, it adds what is new."""
    if (store is None) == (data is None):
        raise typer.BadParameter("give --from or --data, and not both")
    with needs("train"):
        from stigmergy.platform.learning.dataset.from_log import make_from_log
        from stigmergy.platform.learning.dataset.spreading import one_by_one, through_ray
    spread = one_by_one if in_process else through_ray
    with working("making transitions"):
        if data is not None:
            manifest = make_from_log(data, out, spread, cost_weight)
        else:
            manifest = _from_store(str(store), config, graph, out, spread, cost_weight)
    if as_json:
        print_json(manifest.describe())
        return
    _print(out, manifest)


def _from_store(
    url: str, config: Path | None, graph: str | None, out: Path, spread: Spread, cost_weight: float
) -> Manifest:
    from stigmergy.errors import UnknownGraph
    from stigmergy.platform.learning.dataset.from_store import StoreAt, extend_from_store
    from stigmergy.platform.store import open_existing

    settings = read_settings(config)
    graphs = settings.build_graphs()
    name = graph or settings.main_graph
    if name not in graphs:
        raise UnknownGraph(name, tuple(graphs))
    return extend_from_store(StoreAt(url, open_existing), graphs[name], out, spread, cost_weight)


def _print(out: Path, manifest: Manifest) -> None:
    console = stdout()
    console.print(f"{out}: {manifest.rows} transitions of {manifest.episodes} episodes, copies in hindsight included")
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(manifest.left_out.items())) or "none"
    console.print(f"left out: {printable(told)}; waiting to be judged: {manifest.waiting}")
    console.print(f"observations {manifest.spec}, fingerprint {manifest.fingerprint[:12]}")
