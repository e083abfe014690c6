"""``stigmergy train ant-colony``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stigmergy.cli.extras import needs
from stigmergy.cli.options import AsJson
from stigmergy.cli.output import print_json, printable, stdout, working
from stigmergy.cli.serve import read_settings
from stigmergy.cli.stored import read_store

if TYPE_CHECKING:
    from stigmergy.platform.learning.colony.training import WarmedUp
    from stigmergy.platform.settings import Settings
    from stigmergy.routers.configs import AntColonyConfig


def ant_colony(
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the artifact goes (.npz).")],
    store: Annotated[str | None, typer.Option("--from", metavar="URL", help="The store whose episodes teach.")] = None,
    data: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Or a Parquet of outcomes, as for replay.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", exists=True, dir_okay=False, help="Has router and graph; else the workbench."),
    ] = None,
    router: Annotated[str, typer.Option(help="Whose constants are learnt with.")] = "ant_colony",
    graph: Annotated[str | None, typer.Option(help="Whose episodes teach; else the file's default.")] = None,
    seed: Annotated[int, typer.Option(help="Shuffles a Parquet's attempts.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Learn trails from judged episodes before serving; name the file as `artifact` of an ant_colony router.

    A Parquet holds single choices: its trails are those of the graph START -> arm -> GOAL.
    """
    if (store is None) == (data is None):
        raise typer.BadParameter("give either --from URL or --data FILE")
    with needs("core"):
        from stigmergy.routers.colony_artifact import save_trails
    settings = read_settings(config)
    colony = _colony(settings, router)
    with working("learning"):
        if data is not None:
            trained, left_out = _from_log(settings, colony, data, seed)
        else:
            trained, left_out = _from_store(settings, colony, str(store), graph or settings.main_graph)
    artifact = save_trails(out, trained.trails, trained.origin)
    if as_json:
        print_json({**artifact.describe(), "left_out": left_out})
        return
    console = stdout()
    console.print(f"wrote {out}: {artifact.version}, from {artifact.origin.queries} episodes")
    for reason, count in left_out.items():
        console.print(f"{count} episodes were left out: {printable(reason)}")
    told = artifact.describe()
    console.print(printable(f"{len(told['edges'])} edges; task types {', '.join(told['task_types'])}"))


def _colony(settings: Settings, name: str) -> AntColonyConfig:
    from stigmergy.routers.configs import AntColonyConfig

    known = [each for each, config in settings.routers.items() if isinstance(config, AntColonyConfig)]
    found = settings.routers.get(name)
    if not isinstance(found, AntColonyConfig):
        raise typer.BadParameter(f"no router {name!r} of kind ant_colony; there are: {', '.join(known) or 'none'}")
    return found


def _from_log(settings: Settings, colony: AntColonyConfig, data: Path, seed: int) -> tuple[WarmedUp, dict[str, int]]:
    with needs("evaluate"):
        from stigmergy.platform.learning.colony.single_shots import read_single_shots
        from stigmergy.platform.learning.colony.training import train_colony
    graph, lessons = read_single_shots(data, seed)
    ticks = settings.coordination.tick_episodes
    return train_colony(colony, graph, lessons, ticks, str(data)), dict(lessons.left_out)


def _from_store(settings: Settings, colony: AntColonyConfig, url: str, graph: str) -> tuple[WarmedUp, dict[str, int]]:
    from stigmergy.platform.learning.colony.stored_episodes import lessons_of
    from stigmergy.platform.learning.colony.training import train_colony

    graphs = settings.build_graphs()
    if graph not in graphs:
        raise typer.BadParameter(f"no graph {graph!r}; there are: {', '.join(graphs)}")
    lessons = read_store(url, lambda opened: lessons_of(opened, graphs[graph]))
    ticks = settings.coordination.tick_episodes
    return train_colony(colony, graphs[graph], lessons, ticks, url), dict(lessons.left_out)
