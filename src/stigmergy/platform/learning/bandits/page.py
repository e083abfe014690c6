"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from matplotlib.axes import Axes

from stigmergy.platform.learning.bandits.players import BEST_SINGLE
from stigmergy.platform.learning.bandits.report import Document
from stigmergy.platform.learning.evaluation.page import listed, page, table
from stigmergy.platform.learning.evaluation.plots import COLOURS, drawn, intervals

HEADINGS: Final = ("player", "reward", "late half", "regret", "less best", "95 % interval")


def html(document: Document) -> str:
    """The page, from what ``report`` made."""
    paths = ", ".join(document["data"]["path"])
    parts = [f"<h1>Bandits on {escape(paths)}</h1>"]
    for name, players in document["scenarios"].items():
        gains = {each: found["versus"][BEST_SINGLE] for each, found in players.items() if each != BEST_SINGLE}
        parts += [
            f"<h2>{escape(name)}</h2>",
            _curves(players),
            intervals(gains, "mean", "mean reward, less that of the best single arm (paired)"),
            _table(players),
        ]
    return page("Bandit report", [*parts, _facts(document)])


def _curves(players: Document) -> str:
    def draw(axes: Axes) -> None:
        for place, (name, found) in enumerate(players.items()):
            style: dict[str, Any] = {
                "color": COLOURS[place % len(COLOURS)],
                "linestyle": ("-", "--")[place // len(COLOURS) % 2],
            }
            axes.plot(found["curve"]["round"], found["curve"]["regret"], label=name, linewidth=1.4, **style)
        axes.set_xlabel("round")
        axes.set_ylabel("cumulative regret against the best arm of each query")
        axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return drawn(draw, 9.0, 5.0)


def _table(players: Document) -> str:
    best = max(players, key=lambda name: float(players[name]["reward"]["mean"]))
    rows = [(name, cells(found), "best" if name == best else "") for name, found in players.items()]
    notes = "".join(
        f"<li><b>{escape(name)}</b>: {escape(found['description'])}</li>" for name, found in players.items()
    )
    return table(HEADINGS, rows) + f"<ul class=note>{notes}</ul>"


def cells(found: Document) -> list[str]:
    """A player's figures as text, in the order in which they are tabled."""
    less = found["versus"][BEST_SINGLE]
    return [
        f"{found['reward']['mean']:.4f}",
        f"{found['reward_second_half']['mean']:.4f}",
        f"{found['regret']['mean']:.4f}",
        f"{less['mean']:+.4f}",
        f"{less['low']:+.3f} .. {less['high']:+.3f}",
    ]


def _facts(document: Document) -> str:
    setting = {name: str(value) for name, value in document["setting"].items()}
    lines = [
        f"{document['data']['queries']} queries, {len(document['data']['arms'])} arms.",
        f"Setting: {listed(setting)}.",
        f"sha256: {', '.join(document['data']['sha256'])}.",
        f"Versions: {listed(document['versions'])}.",
        "Definitions are those of docs/METHODS.md M12. Figures are per round, means over seeds.",
        "Intervals hold 95 % of streams, the luck of their queries included.",
    ]
    return "".join(f"<p class=note>{escape(line)}</p>" for line in lines)
