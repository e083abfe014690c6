"""The report of a cold start as one HTML file that needs nothing else."""

from __future__ import annotations

from html import escape

from stigmergy.platform.learning.cold_start.report import Document
from stigmergy.platform.learning.evaluation import plots
from stigmergy.platform.learning.evaluation.page import page, table

_HEADINGS = ("router", "gap closed", "less nearest", "less nearest on shrunken means")


def html(document: Document) -> str:
    """The page, from what ``report`` made."""
    plan, data = document["plan"], document["data"]
    path = escape(", ".join(data["path"]))
    told = (
        f"{data['queries']} queries. In each of {plan['seeds']} draws {plan['held_out']} of {len(data['arms'])} arms "
        f"are unknown to training, and tried on {plan['probes']} queries. Five folds."
    )
    parts = [
        f"<h1>New agents on {path}</h1><p>{told}</p>",
        "<h2>How much of the way from the hull to the oracle</h2>",
        plots.gap_intervals(document),
        plots.differences(document),
        "<h2>Figures</h2>",
        _figures(document),
        "<h2>Data, code, definitions</h2>",
        _facts(document),
    ]
    return page("Cold start report", parts)


def _figures(document: Document) -> str:
    rows = [
        (
            name,
            [
                _shown(each["gap_closed"], "mean"),
                *(_shown(each["versus"][o], "diff") for o in ("nearest", "nearest_shrunken")),
            ],
            "best" if name == "gnn" else "",
        )
        for name, each in document["routers"].items()
    ]
    notes = "".join(
        f"<li><b>{escape(name)}</b>: {escape(each['description'])}</li>" for name, each in document["routers"].items()
    )
    return table(_HEADINGS, rows) + f"<ul class=note>{notes}</ul>"


def _shown(figure: Document | None, middle: str) -> str:
    return "-" if figure is None else f"{figure[middle]:+.3f} ({figure['low']:+.3f} .. {figure['high']:+.3f})"


def _facts(document: Document) -> str:
    lines = (
        "Hull, oracle and budgets are those of docs/METHODS.md M2, with all outcomes known; the rest is M15.",
        "Intervals draw both the new arms and the queries with replacement.",
        f"sha256: {', '.join(document['data']['sha256'])}.",
        f"Versions: {'; '.join(f'{name}: {fact}' for name, fact in document['versions'].items())}.",
    )
    return "".join(f"<p class=note>{escape(line)}</p>" for line in lines)
