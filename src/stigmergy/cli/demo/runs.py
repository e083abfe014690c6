"""Running the same tasks under one router, and what came of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import fmean, quantiles
from typing import Any

from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.client.protocol import Outcome
from stigmergy.client.sync import Client
from stigmergy.domain import Status
from stigmergy.errors import RequestError, StigmergyError
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.learning.audit import silent_failures
from stigmergy.wire import TaskRequest, TaskResult

CONCURRENCY = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run of the demo. Every task is counted once among completed, demoted, escalated, refused and lost."""

    tasks: int
    completed: int
    demoted: int
    escalated: int
    refused: int
    lost: int
    silent: int
    quality: float
    mean_cost_usd: float
    p50_ms: float
    p95_ms: float
    reroutes: int
    control_llm_calls: int
    episodes: tuple[dict[str, Any], ...] = field(repr=False)


def run_tasks(
    client: Client,
    tasks: Sequence[WorkbenchTask],
    router: str,
    graph: str,
    on_done: Callable[[int], None],
    *,
    with_references: bool = False,
) -> list[Outcome]:
    """Submit every task under a router; ``on_done`` is told how many have ended.

    Only a learning run sends references: without them the platform cannot judge an episode, so nothing is learnt from
    the tasks that a router is measured on.
    """
    requests = [
        TaskRequest(query=task.text, graph=graph, router=router, reference=task.reference if with_references else None)
        for task in tasks
    ]
    done = 0

    def count(_place: int, _outcome: Outcome) -> None:
        nonlocal done
        done += 1
        on_done(done)

    return client.submit_many(requests, concurrency=CONCURRENCY, on_result=count)


def report_on(client: Client, tasks: Sequence[WorkbenchTask], outcomes: Sequence[Outcome]) -> RunReport:
    """Judge the answers and audit the stored events of every episode."""
    ended = [(task, outcome) for task, outcome in zip(tasks, outcomes, strict=True) if isinstance(outcome, TaskResult)]
    times = [(result.latency_s or 0.0) * 1000 for _, result in ended]
    statuses = [_status(outcome) for outcome in outcomes]
    audits = _audit(client, [result for _, result in ended])
    return RunReport(
        tasks=len(tasks),
        completed=statuses.count("completed"),
        demoted=statuses.count("demoted"),
        escalated=statuses.count("escalated"),
        refused=statuses.count("refused"),
        lost=statuses.count("lost"),
        silent=sum(silent for silent, _ in audits),
        quality=sum(check_answer(task.reference, result.answer) for task, result in ended) / len(tasks),
        mean_cost_usd=fmean(float(result.usage.charged_usd) for _, result in ended) if ended else 0.0,
        p50_ms=_percentile(times, 50),
        p95_ms=_percentile(times, 95),
        reroutes=sum(result.reroutes for _, result in ended),
        control_llm_calls=sum(calls for _, calls in audits),
        episodes=tuple(
            {"task_id": result.id, "outcome": result.status.value, "route": list(result.route)} for _, result in ended
        ),
    )


def _status(outcome: Outcome) -> str:
    if isinstance(outcome, TaskResult):
        return outcome.status.value if outcome.status.ended and outcome.status is not Status.CANCELLED else "lost"
    return "refused" if isinstance(outcome, RequestError) else "lost"


def _audit(client: Client, results: Sequence[TaskResult]) -> list[tuple[int, int]]:
    """Silent failures and control-plane model calls of every episode, from its stored events."""

    def audit(result: TaskResult) -> tuple[int, int]:
        try:
            episode = client.episode(result.episode_id or "")
        except StigmergyError:
            # An episode that left no record has failed in silence, whatever it answered.
            return 1, 0
        events = [decode(json.dumps(dict(event.data))) for event in episode.events]
        return silent_failures(events), episode.control_llm_calls

    with ThreadPoolExecutor(CONCURRENCY) as threads:
        return list(threads.map(audit, results))


def _percentile(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:  # noqa: PLR2004 - quantiles need two
        return values[0] if values else 0.0
    return quantiles(values, n=100, method="inclusive")[percent - 1]
