"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from stigmergy.platform.learning.evaluation import plots
from stigmergy.platform.learning.evaluation.report import Document

_STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:.2rem} h2{font-size:1.15rem;margin:2.2rem 0 .4rem}
table{border-collapse:collapse;font-size:.87rem;margin:.6rem 0} .wide{overflow-x:auto}
th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #e6e6e6;white-space:nowrap}
th:first-child,td:first-child{text-align:left} th{font-weight:600;color:#555}
.best{background:#eef8f3} .note{color:#666;font-size:.87rem} svg{max-width:100%;height:auto}
"""
_HEADINGS: Final = (
    "router", "gap closed", "95 % interval", "less nearest", "quality at best single's cost",
    "cost at equal", "at -1 pt", "at -3 pt", "rare solvers found", "decision p50 / p99 ms",
)  # fmt: skip
_TASKS_TABLED: Final = 120


def html(document: Document) -> str:
    """The page, from what ``report`` made."""
    best = leader(document)
    parts = [
        f"<h1>Routers replayed on {escape(', '.join(document['data']['path']))}</h1>",
        _summary(document, best),
        "<h2>Quality bought for money</h2>",
        plots.curves(document),
        "<h2>How much of the way from the hull to the oracle</h2>",
        plots.gap_intervals(document),
        plots.differences(document),
        "<h2>Figures</h2>",
        _routers_table(document, best),
        "<h2>By task, at the best single arm's cost</h2>",
        plots.tasks(document, best),
        _tasks_table(document, best),
        "<h2>Data, code, definitions</h2>",
        _facts(document),
    ]
    return page("Replay report", parts)


def page(title: str, parts: Iterable[str]) -> str:
    """A whole page of parts in HTML, in the style of all reports."""
    head = f"<meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{''.join(parts)}</body></html>\n"


def leader(document: Document) -> str:
    """The router, references aside, that closes most of the gap."""
    closed = {
        name: each["gap_closed"]["mean"]
        for name, each in document["routers"].items()
        if name not in plots.REFERENCES and each["gap_closed"]
    }
    return max(closed, key=closed.__getitem__) if closed else "best_single"


def _summary(document: Document, best: str) -> str:
    data, found = document["data"], document["routers"][best]["gap_closed"]
    closed = f" closes {_interval(found)} of the gap between the hull and the oracle" if found else ""
    return (
        f"<p>{data['queries']['kept']} queries, {len(data['arms'])} arms, {document['seeds']} seeds of five folds. "
        f"The best single arm reaches {document['best_single']['quality']:.3f} for "
        f"{document['best_single']['cost_usd']:.6f} USD a query. <b>{escape(best)}</b>{closed}.</p>"
    )


def _interval(found: Document) -> str:
    return f"{found['mean']:.3f} (95 % interval {found['low']:.3f} to {found['high']:.3f})"


def _routers_table(document: Document, best: str) -> str:
    rows = [
        (name, _cells(each), "best" if name == best else "")
        for name, each in sorted(document["routers"].items(), key=_by_gap)
    ]
    notes = "".join(
        f"<li><b>{escape(name)}</b>: {escape(each['description'])}</li>" for name, each in document["routers"].items()
    )
    return table(_HEADINGS, rows) + f"<ul class=note>{notes}</ul>"


def _by_gap(item: tuple[str, Document]) -> tuple[float, str]:
    found = item[1]["gap_closed"]
    return (-found["mean"] if found else 0.0, item[0])


def _cells(router: Document) -> list[str]:
    gap, less, timed = router["gap_closed"], router["versus"]["nearest"], router["decision_ms"]
    return [
        f"{gap['mean']:.3f}" if gap else "-",
        f"{gap['low']:.3f} .. {gap['high']:.3f}" if gap else "-",
        f"{less['diff']:+.3f} ({less['low']:+.3f} .. {less['high']:+.3f})" if less else "-",
        f"{router['quality_at_best_single_cost']:.4f}",
        *("never" if share is None else f"{share:.2f}" for share in router["cost_share"].values()),
        "-" if router["rare_solver_recall"] is None else f"{router['rare_solver_recall']:.2f}",
        "-" if timed is None else f"{timed['p50']:.2f} / {timed['p99']:.2f}",
    ]


def _tasks_table(document: Document, best: str) -> str:
    names = list(dict.fromkeys(("best_single", "best_per_task", "nearest", "ridge", best, "oracle")))
    sizes = document["tasks"]
    shown = sorted(sizes, key=lambda task: (-sizes[task]["queries"], task))[:_TASKS_TABLED]
    rows = [
        (task, [str(sizes[task]["queries"]), *(_quality(document, name, task) for name in names)], "") for task in shown
    ]
    return table(("task", "queries", *names), rows)


def _quality(document: Document, name: str, task: str) -> str:
    return f"{document['routers'][name]['tasks'][task]['quality']:.3f}"


def table(headings: Iterable[str], rows: Iterable[tuple[str, list[str], str]]) -> str:
    """Rows of a first cell, the others, and a class ("best" or none) that marks the row."""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(
        f'<tr class="{mark}"><td>{escape(first)}</td>' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        for first, cells, mark in rows
    )
    return f"<div class=wide><table><tr>{head}</tr>{body}</table></div>"


def _facts(document: Document) -> str:
    data = document["data"]
    dropped = "; ".join(f"{count} {reason}" for reason, count in data["queries"]["dropped"].items())
    lines = [
        f"{data['rows']} rows; cells with several runs (their mean counts): {data['cells_with_several_runs']}.",
        f"Queries dropped: {dropped}.",
        f"Arms left out: {listed(data['arms_left_out'])}.",
        f"sha256: {', '.join(data['sha256'])}.",
        f"Versions: {listed(document['versions'])}.",
        "Gap closed, hull, oracle, budgets and seeds are those of docs/METHODS.md M2.",
        f"Intervals are of {document['bootstrap_samples']} bootstrap samples over queries.",
        "Each sample recomputes vertices, curves, budgets, hull and oracle; what was fitted stays.",
        "Decision times include reading the text and differ from run to run.",
        "Where arms answer at random the oracle is optimistic.",
    ]
    return "".join(f"<p class=note>{escape(line)}</p>" for line in lines)


def listed(facts: Mapping[str, str]) -> str:
    """Facts by name in one line."""
    return "; ".join(f"{name}: {fact}" for name, fact in facts.items()) or "none"
