"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import Final

from matplotlib.axes import Axes

from stigmergy.platform.learning.contest.report import ALWAYS_LARGE, Document
from stigmergy.platform.learning.evaluation.page import listed, page, table
from stigmergy.platform.learning.evaluation.plots import COLOURS, drawn

_PER_LEVEL: Final = "success, 95 % interval / USD"


def html(document: Document) -> str:
    """The page, from what ``report`` made."""
    parts = ["<h1>Learned policies and rules under strict budgets</h1>", _pooled(document)]
    for name, found in document["data"].items():
        parts += [f"<h2>{escape(name)}</h2>", _told(found), _curves(found), _levels(found)]
    return page("Contest under budgets", [*parts, _facts(document)])


def _told(found: Document) -> str:
    signal, gain = found["signal"], found["signal"]["gain"]
    what = "Looking at queries pays" if signal["found"] else "<b>This data set carries no signal that was found</b>"
    return (
        f"<p>{found['queries']} queries, tested: {escape(found['tested'])}. {what}: the best who looks at them, "
        f"{escape(signal['by'])}, is {gain['mean']:+.4f} ({gain['low']:+.4f} to {gain['high']:+.4f}) from the best "
        "rule that does not, in the mean over levels.</p>"
    )


def _curves(found: Document) -> str:
    def draw(axes: Axes) -> None:
        shown = [name for name in found["policies"] if name != ALWAYS_LARGE]
        for place, name in enumerate(shown):
            levels = found["policies"][name]
            cost, success = [each["cost"] for each in levels], [each["success"]["mean"] for each in levels]
            style = ("-", "--")[place // len(COLOURS) % 2]
            axes.plot(cost, success, style, color=COLOURS[place % len(COLOURS)], label=name, marker="o", markersize=3)
        axes.set_xscale("log")
        axes.set_xlabel("USD per query")
        axes.set_ylabel("success")
        axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return drawn(draw, 9.0, 4.5)


def _levels(found: Document) -> str:
    rows = [(name, [_cell(level) for level in levels], "") for name, levels in found["policies"].items()]
    return table((_PER_LEVEL, *(f"level {level:g}" for level in found["levels"])), rows)


def _cell(level: Document) -> str:
    success = level["success"]
    return f"{success['mean']:.3f} ({success['low']:.3f} .. {success['high']:.3f}) / {level['cost']:.6f}"


def _pooled(document: Document) -> str:
    rows = [
        (
            name,
            [
                *(
                    f"{each['mean']:+.4f} ({each['low']:+.3f} .. {each['high']:+.3f})"
                    for each in found["less_best_rule"]
                ),
                f"{found['dear_calls_saved']:.1%}",
                str(found["violations"]),
            ],
            "",
        )
        for name, found in document["pooled"].items()
    ]
    levels = max((len(found["less_best_rule"]) for found in document["pooled"].values()), default=0)
    headings = ("less the best rule", *(f"level {place + 1} of {levels}" for place in range(levels)))
    return table((*headings, "dear calls saved", "violations"), rows)


def _facts(document: Document) -> str:
    setting = {name: str(value) for name, value in document["setting"].items()}
    lines = [
        f"Setting: {listed(setting)}.",
        f"Versions: {listed(document['versions'])}.",
        "Definitions are those of docs/METHODS.md M23. Under a strict cap always-large is first-large.",
    ]
    return "".join(f"<p class=note>{escape(line)}</p>" for line in lines)
