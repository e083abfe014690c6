"""What colonies have learnt, and what an episode was led by, for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from stigmergy.cli.explanation import hops_of, why_table
from stigmergy.cli.options import AsJson, TaskTypeName, Url
from stigmergy.cli.output import arrows, print_json, printable, stdout, table
from stigmergy.client import Client
from stigmergy.wire import EpisodeModel, FootprintModel, TrailModel, TrailsModel


def trails(
    name: Annotated[str | None, typer.Argument(help="Which graph; else the server's default.")] = None,
    task_type: TaskTypeName = None,
    most: Annotated[int, typer.Option(min=1, help="How many of the strongest trails per task type.")] = 10,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """What colonies have learnt on a graph: the strongest trails, and the past episodes that made them."""
    with Client(url) as client:
        found = client.trails(name or client.served().default_graph)
    if as_json:
        print_json(found)
        return
    for colony in found.colonies:
        begun = f", begun from {colony.origin}" if colony.origin else ""
        told = f"colony {colony.colony} (version {colony.version}{begun}): {colony.episodes} judged episodes"
        stdout().print(Text(printable(told)))
        for each, learnt in colony.types.items():
            if task_type in (None, each):
                title = f"{each}: mean utility {learnt.mean_utility:.3f}, of {learnt.episodes:.4g} episodes"
                stdout().print(_trail_table(title, learnt.trails[:most]))
    if not found.colonies:
        stdout().print("no colony is configured")


def explain(
    episode_id: Annotated[str, typer.Argument(help="Which episode.")], as_json: AsJson = False, url: Url = None
) -> None:
    """Why an episode went where it went: its hops, and the past episodes that led there, as its colony knows them now.

    Only an episode by an ant colony was led by others.
    """
    with Client(url) as client:
        episode = client.episode(episode_id)
        led = _led_by(episode, client.trails(episode.graph))
    if as_json:
        facts = {"episode": episode.id, "route": episode.route, "hops": [hop.model_dump() for hop in hops_of(episode)]}
        print_json({**facts, "colony": led.colony, "task_type": led.task_type, "trails": led.document()})
        return
    console = stdout()
    console.print(Text(arrows(episode.route)))
    console.print(why_table(hops_of(episode)))
    if led.colony:
        title = f"What led here: trails of colony {led.colony} for {led.task_type}, as they are now"
        console.print(_trail_table(printable(title), led.trails))
    else:
        console.print(Text(printable(f"router {episode.router} follows no trails"), style="dim"))


@dataclass(frozen=True, slots=True)
class _Led:
    """The trails on an episode's route for the likeliest type of its query; no colony: it followed none."""

    colony: str = ""
    task_type: str = ""
    trails: tuple[TrailModel, ...] = ()

    def document(self) -> list[Mapping[str, Any]]:
        return [trail.model_dump() for trail in self.trails]


def _led_by(episode: EpisodeModel, known: TrailsModel) -> _Led:
    accepted = next((event.data for event in episode.events if event.kind == "accepted"), {})
    policy = str(accepted.get("versions", {}).get("policy", ""))
    # The policy of a colony is named colony@t<number of its trails>.
    colony = next((each for each in known.colonies if each.colony == policy.rpartition("@t")[0]), None)
    mixture = accepted.get("mixture", {})
    task_type = max(mixture, key=mixture.__getitem__, default="")
    if colony is None:
        return _Led()
    learnt = colony.types.get(task_type)
    walked = {(hop.source, hop.node): place for place, hop in enumerate(hops_of(episode))}
    trails = () if learnt is None else (each for each in learnt.trails if (each.source, each.target) in walked)
    ordered = sorted(trails, key=lambda each: walked[each.source, each.target])
    return _Led(colony.colony, task_type, tuple(ordered))


def _trail_table(title: str, found: Sequence[TrailModel]) -> Table:
    rows = table(title)
    for heading in ("from", "to"):
        rows.add_column(heading, overflow="fold")
    rows.add_column("trail", justify="right")
    rows.add_column("made by (what is left of the deposit)", overflow="fold")
    for each in found:
        made_by = ", ".join(_told(each.footprints)) or "-"
        rows.add_row(Text(printable(each.source)), Text(printable(each.target)), f"{each.trail:.3g}", Text(made_by))
    return rows


def _told(footprints: Iterable[FootprintModel]) -> Iterator[str]:
    for left in footprints:
        yield f"{printable(left.episode)} {left.amount:+.2g}"
