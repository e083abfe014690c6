"""Every single path of the workbench graph on a set of tasks, computed in this process: what routing has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.bench.colony.worked_tasks import Route, qualities, replies_on
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.shortest_path import all_paths


@dataclass(frozen=True, slots=True)
class SinglePath:
    """One path taken for every task: mean quality in [0, 1] and price in USD."""

    route: Route
    quality: float
    cost_usd: float


def score_all_paths(graph: AgentGraph, tasks: Sequence[WorkbenchTask]) -> tuple[SinglePath, ...]:
    """Every path from START to GOAL, the best first (of equal ones the cheapest)."""
    paths = tuple(all_paths(graph))
    sums = dict.fromkeys(paths, 0.0)
    for task in tasks:
        for path, quality in qualities(task, paths, replies_on(task, paths)).items():
            sums[path] += quality
    prices = {node: float(graph.worst_case(node).usd) for node in graph.nodes}
    scored = (SinglePath(path, sums[path] / len(tasks), sum(prices[node] for node in path)) for path in paths)
    return tuple(sorted(scored, key=lambda path: (-path.quality, path.cost_usd)))
