"""``stigmergy episodes``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from stigmergy.cli.audit import replay, verify
from stigmergy.cli.options import AsJson, Url
from stigmergy.cli.outcome_view import print_episode, status_text
from stigmergy.cli.output import arrows, print_json, printable, share, stdout, table, usd, working
from stigmergy.cli.trails import explain
from stigmergy.client import Client
from stigmergy.domain import Status
from stigmergy.wire import EpisodeModel

_PAGE = 100

app = typer.Typer(no_args_is_help=True, help="What was run: every episode is kept.")
app.command()(explain)
app.command()(verify)
app.command()(replay)


@app.command("list")
def list_episodes(
    graph: Annotated[str | None, typer.Option(help="Only this graph's.")] = None,
    router: Annotated[str | None, typer.Option(help="Only this router's.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only those that ended so.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """The newest episodes."""
    found: list[EpisodeModel] = []
    with Client(url) as client, working("reading episodes") as progress:
        pages = client.episodes(graph=graph, router=router, status=status, page_size=min(limit, _PAGE))
        for episode in islice(pages, limit):
            found.append(episode)
            progress.update(f"reading episodes: {len(found)} of at most {limit}")
    if as_json:
        print_json(found)
    else:
        stdout().print(_table(found))


@app.command()
def show(
    episode_id: Annotated[str, typer.Argument(help="Which episode.")], as_json: AsJson = False, url: Url = None
) -> None:
    """One episode with all its events; `graph route --episode` explains its hops."""
    with Client(url) as client:
        episode = client.episode(episode_id)
    if as_json:
        print_json(episode)
    else:
        print_episode(stdout(), episode)


def _table(episodes: Sequence[EpisodeModel]) -> Table:
    rows = table()
    rows.add_column("episode", no_wrap=True)
    for heading in ("finished", "status", "router", "type", "route"):
        rows.add_column(heading, overflow="fold")
    for heading in ("cost", "quality"):
        rows.add_column(heading, justify="right")
    for episode in episodes:
        rows.add_row(
            Text(printable(episode.id)),
            f"{episode.finished_at:%Y-%m-%d %H:%M:%S}",
            status_text(episode.status),
            Text(printable(episode.router)),
            Text(printable(episode.task_type or "-")),
            Text(arrows(episode.route)),
            usd(episode.usage.charged_usd),
            share(episode.quality),
        )
    return rows
