"""What the demo claims, computed from its runs: means over seeds, and whether the comparison counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from stigmergy.cli.demo.script import SeedReport
from stigmergy.cli.demo.single_paths import SinglePath

_COST_BAR = 0.5
"""The share of the dearest path's cost that a learnt colony may use."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Means over seeds of one learnt colony against the dearest path.

    ``points_below`` is the quality lost in percentage points, ``cost_share`` the mean cost over the dearest's, and
    ``net`` quality minus cost normalised between the cheapest and the dearest run.
    """

    run: str
    points_below: float
    cost_share: float
    net: float
    net_random: float
    net_dijkstra: float


@dataclass(frozen=True, slots=True)
class FairComparison:
    """Whether there is anything to win: mean figures over seeds.

    ``best_at_half_cost`` is the best single path within half of the dearest path's cost, and ``points_below_dearest``
    how far it stays behind; ``dearest_behind_best`` is by how many points the best of all single paths beats the
    dearest one.
    """

    best_at_half_cost: tuple[str, ...]
    points_below_dearest: float
    dearest_behind_best: float


def verdicts(reports: Sequence[SeedReport]) -> tuple[Verdict, ...]:
    """One verdict per learnt colony."""
    names = [name for name in reports[0].runs if name.startswith("ant_colony_learnt")]
    return tuple(_verdict(name, reports) for name in names)


def _verdict(name: str, reports: Sequence[SeedReport]) -> Verdict:
    return Verdict(
        run=name,
        points_below=fmean(100 * (r.runs["dearest"].quality - r.runs[name].quality) for r in reports),
        cost_share=fmean(r.runs[name].mean_cost_usd / r.runs["dearest"].mean_cost_usd for r in reports),
        net=fmean(net(r, name) for r in reports),
        net_random=fmean(net(r, "random") for r in reports),
        net_dijkstra=fmean(net(r, "dijkstra") for r in reports),
    )


def net(report: SeedReport, name: str) -> float:
    """``quality - (cost - C_cheapest) / (C_dearest - C_cheapest)`` of a run."""
    low, high = report.runs["cheapest"].mean_cost_usd, report.runs["dearest"].mean_cost_usd
    run = report.runs[name]
    return run.quality - (run.mean_cost_usd - low) / (high - low)


def fair_comparison(reports: Sequence[SeedReport]) -> FairComparison:
    """Pool the single paths of all seeds."""
    pooled = _pooled(reports)
    dearest = max(pooled, key=lambda path: path.cost_usd)
    thrifty = [path for path in pooled if path.cost_usd <= _COST_BAR * dearest.cost_usd]
    best = max(thrifty, key=lambda path: path.quality)
    top = max(pooled, key=lambda path: path.quality)
    return FairComparison(best.route, 100 * (dearest.quality - best.quality), 100 * (top.quality - dearest.quality))


def _pooled(reports: Sequence[SeedReport]) -> list[SinglePath]:
    by_route = [{path.route: path for path in report.paths} for report in reports]
    return [
        SinglePath(route, fmean(seen[route].quality for seen in by_route), path.cost_usd)
        for route, path in by_route[0].items()
    ]
