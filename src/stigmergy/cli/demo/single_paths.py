"""Every single path of the workbench graph on a set of tasks, computed in this process: what routing has to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.agents.workbench.programs import PROGRAMS
from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.shortest_path import all_paths

Route = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SinglePath:
    """One path taken for every task: mean quality in [0, 1] and price in USD."""

    route: Route
    quality: float
    cost_usd: float


def score_all_paths(graph: AgentGraph, tasks: Sequence[WorkbenchTask]) -> tuple[SinglePath, ...]:
    """Every path from START to GOAL, the best first (of equal ones the cheapest).

    The programs are deterministic, so a step that several paths share is computed once.
    """
    paths = tuple(all_paths(graph))
    sums = dict.fromkeys(paths, 0.0)
    for task in tasks:
        for path, quality in _qualities(task, paths).items():
            sums[path] += quality
    prices = {node: float(graph.worst_case(node).usd) for node in graph.nodes}
    scored = (SinglePath(path, sums[path] / len(tasks), sum(prices[node] for node in path)) for path in paths)
    return tuple(sorted(scored, key=lambda path: (-path.quality, path.cost_usd)))


def _qualities(task: WorkbenchTask, paths: Sequence[Route]) -> Mapping[Route, float]:
    replies: dict[Route, tuple[Reply, ...]] = {(): ()}
    for path in paths:
        for end in range(1, len(path) + 1):
            prefix = path[:end]
            if prefix not in replies:
                before = replies[prefix[:-1]]
                request = Request(text=task.text, replies=before, step_key="/".join(prefix), timeout_s=60)
                replies[prefix] = (*before, PROGRAMS[path[end - 1]](request))
    return {path: check_answer(task.reference, replies[path][-1].text) for path in paths}
