"""What every route of the workbench graph does on a task: the real programs, run once, so that nothing is simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.agents.workbench.programs import PROGRAMS
from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.domain import NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.shortest_path import all_paths
from stigmergy.routers.base import QueryFeatures
from stigmergy.routers.query_features import FeatureReader

Route = tuple[NodeId, ...]
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class WorkedStep:
    """What a router may learn of a step: whether the program could do it, and its verdict of the step before."""

    answered: bool
    verdict: float | None


@dataclass(frozen=True, slots=True)
class WorkedTask:
    """A task with its features, the last step of every beginning of a route, and the quality of every whole route."""

    features: QueryFeatures
    steps: Mapping[Route, WorkedStep]
    quality: Mapping[Route, float]


def work_out(
    graph: AgentGraph, tasks: Sequence[WorkbenchTask], reader: FeatureReader, told: Callable[[int], object]
) -> tuple[WorkedTask, ...]:
    """Run every route on every task; ``told`` hears how many tasks are done."""
    paths, worked = tuple(all_paths(graph)), []
    for done, task in enumerate(tasks):
        replies = replies_on(task, paths)
        steps = {route: WorkedStep(reply.answered, reply.verdict) for route, reply in replies.items()}
        worked.append(WorkedTask(reader.read(task.text), steps, qualities(task, paths, replies)))
        told(done + 1)
    return tuple(worked)


def replies_on(task: WorkbenchTask, paths: Sequence[Route]) -> Mapping[Route, Reply]:
    """The last reply of every beginning of a path.

    The programs are deterministic, so a step that several paths share is computed once.
    """
    histories: dict[Route, tuple[Reply, ...]] = {(): ()}
    for path in paths:
        for end in range(1, len(path) + 1):
            prefix = path[:end]
            if prefix not in histories:
                before = histories[prefix[:-1]]
                request = Request(text=task.text, replies=before, step_key="/".join(prefix), timeout_s=_TIMEOUT_S)
                histories[prefix] = (*before, PROGRAMS[path[end - 1]](request))
    return {prefix: history[-1] for prefix, history in histories.items() if prefix}


def qualities(task: WorkbenchTask, paths: Sequence[Route], replies: Mapping[Route, Reply]) -> Mapping[Route, float]:
    """The quality of what each path answers."""
    return {path: check_answer(task.reference, replies[path].text) for path in paths}
