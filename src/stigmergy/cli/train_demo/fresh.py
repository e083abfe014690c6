"""What routers come to on fresh tasks, and by how much one is better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.client.protocol import Outcome
from stigmergy.client.sync import Client
from stigmergy.domain import to_nano
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.learning.evaluation.bootstrap import SAMPLES, Interval, interval, query_weights
from stigmergy.platform.policies.evidence import COST_WEIGHT
from stigmergy.routers.price_range import price_range
from stigmergy.wire import TaskResult

_NANO = 1e9


@dataclass(frozen=True, slots=True)
class FreshRun:
    """Tasks under one router; ``rewards`` as the gate counts them, ``decided_by`` how many each policy decided."""

    quality: float
    mean_cost_usd: float
    decided_by: dict[str, int]
    rewards: tuple[float, ...] = field(repr=False)


def judged_run(
    client: Client, graph: AgentGraph, tasks: Sequence[WorkbenchTask], outcomes: Sequence[Outcome]
) -> FreshRun:
    """Judge the answers here; what failed is worth 0, and cost nothing that is known."""
    prices = price_range(graph)
    quality, cost, rewards, policies = [], [], [], Counter[str]()
    for task, outcome in zip(tasks, outcomes, strict=True):
        ended = isinstance(outcome, TaskResult)
        right = float(check_answer(task.reference, outcome.answer)) if isinstance(outcome, TaskResult) else 0.0
        charged = outcome.usage.charged_usd if isinstance(outcome, TaskResult) else None
        quality.append(right)
        cost.append(0.0 if charged is None else to_nano(charged) / _NANO)
        rewards.append(right - (0.0 if charged is None else COST_WEIGHT * prices.in_spans(charged)))
        policies[_policy(client, outcome) if ended else "failed"] += 1
    return FreshRun(fmean(quality), fmean(cost), dict(policies), tuple(rewards))


def difference(after: FreshRun, before: FreshRun) -> Interval:
    """By how much a task was worth more, paired; 95 %, bootstrap over tasks."""
    gains = np.array(after.rewards) - np.array(before.rewards)
    weights = query_weights(len(gains), SAMPLES, 0).astype(np.float64)
    found = interval(weights @ gains / len(gains))
    if found is None:
        raise ValueError("rewards are finite")
    return found


def _policy(client: Client, outcome: Outcome) -> str:
    """Which policy decided; a colony without the number of its trails, which change all the time."""
    episode = client.episode(str(outcome.episode_id)) if isinstance(outcome, TaskResult) else None
    accepted = next((event.data for event in episode.events if event.kind == "accepted"), {}) if episode else {}
    return str(accepted.get("versions", {}).get("policy", "")).partition("@t")[0]
