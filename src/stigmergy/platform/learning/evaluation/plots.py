"""The figures of a report, as SVG text that is the same for the same figures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stigmergy.platform.learning.evaluation.report import Document

REFERENCES: Final = ("hull", "oracle")
_STYLES: Final = {
    "hull": {"color": "#555555", "linestyle": "--", "linewidth": 1.6},
    "oracle": {"color": "#bbbbbb", "linestyle": "-", "linewidth": 1.6},
}
_CONSTANT: Final = ("random", "cheapest", "dearest", "best_single")
"""Routers of one arm: they are drawn as that arm, not as a line."""
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8c6d31", "#444444")
_RULES: Final[dict[Any, Any]] = {
    "svg.hashsalt": "stigmergy",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
}
_TASKS_SHOWN: Final = 30
_ARMS_NAMED: Final = 16
"""More names than this hide each other."""


def curves(document: Document) -> str:
    """Mean cost against mean quality of every router, with the single arms as points."""
    named = len(document["data"]["arms"]) <= _ARMS_NAMED

    def draw(axes: Axes) -> None:
        for name, colour in _coloured(document):
            curve = document["routers"][name]["curve"]
            style: dict[str, Any] = _STYLES.get(name, {"color": colour, "linewidth": 1.4})
            axes.plot(curve["cost_usd"], curve["quality"], label=name, **style)
        for arm, means in document["data"]["arms"].items():
            axes.plot(means["cost_usd"], means["quality"], "o", color="#222222", markersize=4 if named else 2, zorder=5)
            if not named:
                continue
            short = arm.rsplit("/", 1)[-1]
            place = (means["cost_usd"], means["quality"])
            axes.annotate(short, place, xytext=(4, -9), textcoords="offset points", fontsize=7, color="#555555")
        axes.axvline(document["best_single"]["cost_usd"], color="#999999", linewidth=0.8, linestyle=":")
        axes.set_xscale("symlog", linthresh=1e-6) if _has_free_arm(document) else axes.set_xscale("log")
        axes.set_xlabel("mean cost, USD per query (dotted: the best single arm)")
        axes.set_ylabel("mean quality")
        axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return drawn(draw, 9.0, 5.4)


def gap_intervals(document: Document) -> str:
    """The gap that each router closes between hull (0) and oracle (1), with its interval."""
    figures = {
        name: each["gap_closed"]
        for name, each in document["routers"].items()
        if name not in (*REFERENCES, *_CONSTANT) and each["gap_closed"]
    }
    return intervals(figures, "mean", "gap closed over the hull (0: the hull, 1: the oracle)")


def differences(document: Document) -> str:
    """What each router closes more than nearest neighbours, query by query."""
    figures = {
        name: each["versus"]["nearest"]
        for name, each in document["routers"].items()
        if name not in (*REFERENCES, *_CONSTANT, "nearest") and each["versus"]["nearest"]
    }
    return intervals(figures, "diff", "gap closed, less that of nearest neighbours (paired)")


def tasks(document: Document, router: str) -> str:
    """Quality of a router and of the best single arm on each of the largest tasks, at the best single arm's cost."""
    sizes = document["tasks"]
    shown = sorted(sizes, key=lambda task: (-sizes[task]["queries"], task))[:_TASKS_SHOWN]
    shown.sort(key=lambda task: _task_gain(document, router, task))

    def draw(axes: Axes) -> None:
        for row, task in enumerate(shown):
            before = document["routers"]["best_single"]["tasks"][task]["quality"]
            after = document["routers"][router]["tasks"][task]["quality"]
            colour = "#009e73" if after >= before else "#d55e00"
            axes.plot([before, after], [row, row], color=colour, linewidth=2)
            axes.plot(before, row, "o", color="#999999", markersize=5)
            axes.plot(after, row, "o", color=colour, markersize=6)
        axes.set_yticks(range(len(shown)), [f"{task} ({sizes[task]['queries']})" for task in shown], fontsize=8)
        axes.set_xlabel(f"mean quality: best single arm (grey) and {router}")

    return drawn(draw, 9.0, 1.2 + 0.24 * len(shown))


def intervals(figures: Document, middle: str, label: str) -> str:
    """Figures by name, best on top: ``middle``, ``low`` and ``high`` of each against 0."""
    names = sorted(figures, key=lambda name: float(figures[name][middle]))

    def draw(axes: Axes) -> None:
        axes.axvline(0.0, color="#555555", linewidth=1.0, linestyle="--")
        for row, name in enumerate(names):
            found = figures[name]
            colour = "#009e73" if found["low"] > 0.0 else "#d55e00" if found["high"] < 0.0 else "#0072b2"
            axes.plot([found["low"], found["high"]], [row, row], color=colour, linewidth=2)
            axes.plot(found[middle], row, "o", color=colour, markersize=6)
            axes.annotate(
                f"{found[middle]:+.3f}", (found[middle], row), xytext=(0, 7), textcoords="offset points", fontsize=8
            )
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(-0.6, max(len(names), 1) - 0.2)
        axes.set_xlabel(label)

    return drawn(draw, 9.0, 1.2 + 0.42 * len(names))


def drawn(draw: Any, width: float, height: float) -> str:
    """What ``draw`` puts on axes, as SVG of so many inches."""
    with mpl.rc_context(_RULES):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.add_subplot())
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _coloured(document: Document) -> Sequence[tuple[str, str]]:
    names = [name for name in document["routers"] if name not in _CONSTANT]
    return [(name, COLOURS[place % len(COLOURS)]) for place, name in enumerate(names)]


def _has_free_arm(document: Document) -> bool:
    return any(arm["cost_usd"] <= 0.0 for arm in document["data"]["arms"].values())


def _task_gain(document: Document, router: str, task: str) -> float:
    routers = document["routers"]
    return float(routers[router]["tasks"][task]["quality"] - routers["best_single"]["tasks"][task]["quality"])
