"""The workbench's own programs, run once over every prefix of every route."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.agents.workbench.programs import PROGRAMS
from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.domain import GOAL, START, NodeId
from stigmergy.errors import UnloggableGraph
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.learning.evaluation.log_reading import TEST, TRAIN, VAL
from stigmergy.platform.learning.paths.branches import AT_START
from stigmergy.platform.learning.paths.log_making import UNKNOWN, Growing, Step
from stigmergy.platform.learning.paths.route_log import LoggedQueries, RouteLog
from stigmergy.routers.estimators.folds import fold_numbers

_TENTHS: Final = (*(TRAIN,) * 7, VAL, TEST, TEST)


def log_workbench(graph: AgentGraph, programs: Mapping[NodeId, str], tasks: Sequence[WorkbenchTask]) -> RouteLog:
    """The complete log of a graph of workbench programs; splits are 70/10/20 by a hash of the text.

    The programs are deterministic and run in this process, so a prefix that several routes share runs once. A step
    costs what its agent's price says and takes the latency that its profile expects: nothing is timed, so that the same
    tasks give the same log.

    Args:
        graph: of agents alone.
        programs: the program at each of its nodes.
        tasks: at least one, with distinct texts.

    Raises:
        UnloggableGraph: a node is no program of the workbench.
    """
    for node in graph.nodes:
        if programs.get(node) not in PROGRAMS:
            raise UnloggableGraph(graph.name, f"node {node!r} is no program of the workbench")
    growing = Growing()
    for query, task in enumerate(tasks):
        _Run(graph, programs, task, query, growing).follow(START, (), AT_START)
    texts = tuple(task.text for task in tasks)
    splits = np.array([_TENTHS[tenth] for tenth in fold_numbers(texts, "split", len(_TENTHS))], dtype=object)
    ids = tuple(f"w{number:06}" for number in range(len(tasks)))
    families = tuple(task.family for task in tasks)
    content = hashlib.sha256("\0".join((graph.version, *(task.reference + task.text for task in tasks))).encode())
    queries = LoggedQueries(ids=ids, texts=texts, tasks=families, splits=splits)
    return growing.log(queries, {f"{len(tasks)} tasks on the graph {graph.name}": content.hexdigest()})


class _Run:
    """One task over all routes."""

    def __init__(
        self, graph: AgentGraph, programs: Mapping[NodeId, str], task: WorkbenchTask, query: int, growing: Growing
    ) -> None:
        self._graph, self._programs, self._task = graph, programs, task
        self._query, self._growing = query, growing

    def follow(self, position: NodeId, replies: tuple[Reply, ...], row: int) -> None:
        """Every way on from a prefix, depth first."""
        for node in self._graph.successors(position):
            if node == GOAL:
                quality = check_answer(self._task.reference, replies[-1].text if replies else None)
                self._growing.add(Step(query=self._query, node=GOAL, parent=row, quality=quality))
                continue
            request = Request(text=self._task.text, replies=replies, step_key=f"{row}/{node}", timeout_s=60)
            reply = PROGRAMS[self._programs[node]](request)
            self.follow(node, (*replies, reply), self._growing.add(self._step(node, reply, row)))

    def _step(self, node: NodeId, reply: Reply, row: int) -> Step:
        profile = self._graph.profile(node)
        return Step(
            query=self._query,
            node=node,
            parent=row,
            cost=float(profile.price.per_call),
            latency=profile.expected_latency_s,
            answered=reply.answered,
            confidence=UNKNOWN if reply.confidence is None else reply.confidence,
            verdict=UNKNOWN if reply.verdict is None else reply.verdict,
        )
