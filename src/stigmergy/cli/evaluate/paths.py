"""``stigmergy evaluate paths``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from stigmergy.cli.evaluate.replay import (
    HtmlOut,
    JsonOut,
    Samples,
    Seeds,
    note,
    print_report,
    say_what_is_left_out,
    write_report,
)
from stigmergy.cli.extras import needs
from stigmergy.cli.output import working
from stigmergy.cli.serve import read_settings

if TYPE_CHECKING:
    from stigmergy.platform.learning.evaluation.arm_selection import Selected
    from stigmergy.platform.learning.paths.route_log import RouteLog
    from stigmergy.platform.settings import Settings
    from stigmergy.routers.configs import RouterConfig

Configuration: TypeAlias = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Configuration; else the embedded workbench.")
]
RouteLogFile: TypeAlias = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="A route log, as --log wrote it.")
]
Steps: TypeAlias = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Parquet of retried calls, one row per call.")
]
Attempts: TypeAlias = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Parquet with the texts of their queries.")
]
_BY_HOP = ("random", "cheapest", "dearest", "first_large", "dijkstra", "ant_colony")
_OVER_ROUTES = ("nearest", "nearest_task", "ridge", "ridge_task", "nearest_and_ridge_task", "centroid")
_SOURCES = "give --data FILE, or --steps with --attempts; with neither the programs of --graph are run"


def paths(
    *,
    graph: Configuration = None,
    tasks: Annotated[int, typer.Option(min=1, help="How many workbench tasks.")] = 600,
    seed: Annotated[int, typer.Option(help="Of the tasks, and of all that is drawn.")] = 0,
    data: RouteLogFile = None,
    steps: Steps = None,
    attempts: Attempts = None,
    exclude_design: Annotated[list[str] | None, typer.Option(help="Leave this design out, repeatable.")] = None,
    log: Annotated[Path | None, typer.Option(dir_okay=False, help="Where the route log goes, as Parquet.")] = None,
    by_hop: Annotated[list[str] | None, typer.Option(help="Configured router, repeatable; goes hop by hop.")] = None,
    router: Annotated[list[str] | None, typer.Option(help="Router over whole routes, repeatable.")] = None,
    episodes: Annotated[int, typer.Option(min=1, help="Learning episodes of an ant colony.")] = 1_500,
    seeds: Seeds = 1,
    bootstrap: Samples = 500,
    json_out: JsonOut = None,
    html_out: HtmlOut = None,
) -> None:
    """Routes through a graph, hop by hop: who beats the best random mixture of single routes?"""
    with needs("evaluate"):
        from stigmergy.platform.learning.paths.log_file import write_route_log
        from stigmergy.platform.learning.paths.route_table import select_routes
    settings = read_settings(graph)
    asked = _Asked(_configured(settings, by_hop), tuple(router or _OVER_ROUTES), seed, episodes, seeds, bootstrap)
    with working("making the route log"):
        found = _log(settings, data, steps, attempts, exclude_design or [], tasks, seed)
        if log is not None:
            write_route_log(found, log)
        selected = select_routes(found)
    if found.dropped:
        note(f"{found.dropped} branches are left out: after some outcome of theirs no way on is logged")
    say_what_is_left_out(selected)
    document = _judged(found, selected, asked)
    write_report(document, json_out, html_out)
    print_report(document)


def _log(
    settings: Settings,
    data: Path | None,
    steps: Path | None,
    attempts: Path | None,
    excluded: list[str],
    tasks: int,
    seed: int,
) -> RouteLog:
    from stigmergy.platform.learning.paths.call_reading import read_calls
    from stigmergy.platform.learning.paths.log_file import read_route_log
    from stigmergy.platform.learning.paths.retry_log import grow_retries

    if data is not None and steps is None and attempts is None:
        return read_route_log(data)
    if data is None and steps is not None and attempts is not None:
        tree = grow_retries(read_calls(steps, attempts), excluded)
        for reason in dict.fromkeys(tree.left_out.values()):
            note(f"designs left out: {', '.join(d for d, why in tree.left_out.items() if why == reason)} ({reason})")
        return tree.log
    if data is None and steps is None and attempts is None:
        return run_workbench(settings, tasks, seed)
    raise typer.BadParameter(_SOURCES)


def run_workbench(settings: Settings, tasks: int, seed: int) -> RouteLog:
    """The route log of generated tasks on the main graph of a configuration of workbench programs."""
    from stigmergy.agents.configs import WorkbenchConfig
    from stigmergy.agents.workbench.tasks import generate_tasks
    from stigmergy.platform.learning.paths.workbench_log import log_workbench

    graph = settings.build_graphs()[settings.main_graph]
    places = {node: graph.profile(node).id for node in graph.nodes if node not in graph.branches}
    agents = {node: settings.agents[agent] for node, agent in places.items()}
    programs = {node: agent.program for node, agent in agents.items() if isinstance(agent, WorkbenchConfig)}
    return log_workbench(graph, programs, generate_tasks(seed, tasks))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which routers, and how they are judged."""

    by_hop: Mapping[str, RouterConfig]
    over_routes: tuple[str, ...]
    seed: int
    episodes: int
    seeds: int
    samples: int


def _configured(settings: Settings, names: list[str] | None) -> Mapping[str, RouterConfig]:
    known = settings.routers
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise typer.BadParameter(f"no router {unknown[0]!r} is configured; known: {', '.join(known)}")
    return {name: known[name] for name in names or _BY_HOP if name in known}


def _judged(log: RouteLog, selected: Selected, asked: _Asked) -> dict[str, Any]:
    from stigmergy.platform.learning.evaluation.embedding import embed_queries
    from stigmergy.platform.learning.evaluation.replay import Replay
    from stigmergy.platform.learning.evaluation.report import report
    from stigmergy.platform.learning.evaluation.versions import code_versions
    from stigmergy.platform.learning.paths.competing import contestants
    from stigmergy.platform.learning.paths.route_graph import route_graph

    table, graph = selected.table, route_graph(log)
    with working("replaying") as status:
        ours = contestants(log, graph, table.query_ids, asked.by_hop, seed=asked.seed, episodes=asked.episodes)
        replay = Replay(table, embed_queries(table), asked.over_routes, samples=asked.samples, contestants=ours)
        readings = replay.run(asked.seeds, lambda what: status.update(f"replaying: {what}"))
    return report(selected, readings, code_versions(), asked.seeds, asked.samples, ours)
