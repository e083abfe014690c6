"""``stigmergy graph``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from stigmergy.cli.explanation import figures, hops_of, router_text, why_table
from stigmergy.cli.options import AsJson, GraphName, MaxUsd, RouterName, TaskTypeName, TradeOff, Url, budget_of
from stigmergy.cli.output import arrows, print_json, printable, seconds, share, stdout, table, usd
from stigmergy.cli.trails import trails
from stigmergy.client import Client
from stigmergy.wire import EpisodeModel, GraphModel, RouteModel

app = typer.Typer(no_args_is_help=True, help="Served graphs, and the routes through them.")
app.command()(trails)


@app.command()
def show(name: Annotated[str, typer.Argument(help="Which graph.")], as_json: AsJson = False, url: Url = None) -> None:
    """A graph with the health of its agents and the trails on its edges at this moment."""
    with Client(url) as client:
        graph = client.graph(name)
    if as_json:
        print_json(graph)
        return
    console = stdout()
    console.print(Text(printable(f"{graph.name} (version {graph.version}, default router {graph.default_router})")))
    console.print(Text(printable(f"routers: {', '.join(graph.routers)}"), style="dim"))
    if graph.description:
        console.print(Text(printable(graph.description), style="dim"))
    console.print()
    console.print(_nodes(graph))
    console.print()
    console.print(_edges(graph))


@app.command()
def route(
    text: Annotated[str | None, typer.Argument(help="What would be asked.")] = None,
    *,
    episode: Annotated[str | None, typer.Option("--episode", help="Explain this episode's route instead.")] = None,
    graph: GraphName = None,
    router: RouterName = None,
    trade_off: TradeOff = None,
    max_usd: MaxUsd = None,
    task_type: TaskTypeName = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Explain a route: what was feasible, its scores and evidence, and what would have been second.

    With TEXT: the route that would be taken now; no agent is called. With --episode: the one that was taken.
    """
    if (text is None) == (episode is None):
        raise typer.BadParameter("give either TEXT or --episode ID")
    with Client(url) as client:
        if text is not None:
            budget = budget_of(max_usd)
            planned = client.plan_route(
                text, graph=graph, router=router, trade_off=trade_off, budget=budget, task_type=task_type
            )
        else:
            planned = _taken(client.episode(str(episode)))
    if as_json:
        print_json(planned)
    else:
        _print_route(planned)


def _taken(episode: EpisodeModel) -> RouteModel:
    accepted = next((event.data for event in episode.events if event.kind == "accepted"), {})
    return RouteModel(
        graph=episode.graph,
        router=episode.router,
        trade_off=accepted.get("trade_off"),
        mixture=accepted.get("mixture", {}),
        hops=hops_of(episode),
    )


def _print_route(planned: RouteModel) -> None:
    console = stdout()
    console.print(Text(arrows([*(hop.source for hop in planned.hops[:1]), *(hop.node for hop in planned.hops)])))
    told = printable(f"graph {planned.graph}, router {router_text(planned.router, planned.trade_off)}")
    console.print(Text(f"{told}; task types: {figures(planned.mixture) or 'not known'}", style="dim"))
    console.print()
    console.print(why_table(planned.hops))


def _nodes(graph: GraphModel) -> Table:
    rows = table("Nodes")
    for heading in ("node", "agent", "available"):
        rows.add_column(heading, overflow="fold")
    for heading in ("succeeds", "responds in", "in flight", "costs at most"):
        rows.add_column(heading, justify="right")
    rows.add_column("", overflow="fold")
    for node in graph.nodes:
        rows.add_row(
            Text(printable(node.name)),
            Text(printable(node.agent)),
            Text("yes", style="green") if node.available else Text("no", style="red"),
            share(node.success_rate),
            seconds(node.response_s),
            str(node.load),
            usd(node.worst_case_usd),
            Text(printable(f"optional; {node.description}" if node.optional else node.description), style="dim"),
        )
    return rows


def _edges(graph: GraphModel) -> Table:
    rows = table("Edges")
    for heading in ("from", "to", "trails"):
        rows.add_column(heading, overflow="fold")
    for edge in graph.edges:
        rows.add_row(Text(printable(edge.source)), Text(printable(edge.target)), Text(figures(edge.trails) or "-"))
    return rows
