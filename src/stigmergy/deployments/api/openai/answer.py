"""What became of a task, as the parts that every form of answer is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from stigmergy import wire
from stigmergy.agents.base import Reply
from stigmergy.deployments.views import hops_of, ledger_of
from stigmergy.domain import ESCALATION, EpisodeId, FailureKind, Status, Usage
from stigmergy.errors import AgentsOverloaded, NotAnswered
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode.events import CallFailed, CallSucceeded, Event, Joined
from stigmergy.platform.records import TaskRecord

_GOOD: Final = (Status.COMPLETED, Status.DEMOTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The text, the tools that a language model wants called, and what it took."""

    text: str
    tool_calls: Sequence[Mapping[str, Any]]
    finish_reason: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    extras: Mapping[str, Any]
    """What goes under ``stigmergy``."""


def answer_of(ran: Ran) -> Answer:
    """The answer of a finished run.

    Raises:
        NotAnswered: it ended otherwise.
    """
    episode = ran.episode
    reply = _answering([each.event for each in ran.events], episode.id, episode.status, episode.reason)
    extras = {
        "episode_id": episode.id,
        "status": episode.status.value,
        "reason": episode.reason,
        "graph": episode.graph,
        "router": episode.router,
        "route": episode.route,
        "cost_usd": str(episode.charged_usd),
        "latency_s": (episode.finished_at - episode.started_at).total_seconds(),
        "reroutes": episode.reroutes,
        "failed_calls": len(episode.failures),
        "dropped": episode.dropped,
    }
    return _answer(reply, episode.answer, episode.usage, extras)


def with_reasons(answer: Answer, ran: Ran) -> Answer:
    """The answer with every hop, what else was feasible, and the ledger."""
    why = {name: [each.model_dump(mode="json") for each in told] for name, told in
           (("hops", hops_of(ran)), ("ledger", ledger_of(ran)))}  # fmt: skip
    return replace(answer, extras={**answer.extras, **why})


def stored_answer(record: TaskRecord, events: Sequence[Event]) -> Answer:
    """The answer of a durable task, as its row and its journal tell it.

    Raises:
        NotAnswered: it ended otherwise, or waits for a decision.
    """
    if record.result is None:
        raise NotAnswered(record.episode_id or record.task.id, record.status.value, record.reason)
    result = wire.TaskResult.model_validate_json(record.result)
    reply = _answering(events, result.episode_id or result.id, result.status, result.reason)
    told = json.loads(record.result)
    names = ("episode_id", "status", "reason", "graph", "router", "route", "latency_s", "reroutes", "dropped")
    extras = {
        "task_id": result.id,
        **{name: told[name] for name in names},
        "cost_usd": str(result.usage.charged_usd),
        "failed_calls": len(result.failures),
    }
    return _answer(reply, result.answer, result.usage, extras)


def _answering(events: Sequence[Event], episode_id: EpisodeId, status: Status, reason: str) -> Reply:
    """The reply that is the answer: the last that was committed; of an escalation, that of its agent alone."""
    for event in reversed(events):
        if isinstance(event, CallSucceeded | Joined) and not event.branch:
            if status in _GOOD or (status is Status.ESCALATED and event.node == ESCALATION):
                return event.reply
            break
    raise _why_not(events)(episode_id, status.value, reason)


def _why_not(events: Sequence[Event]) -> type[NotAnswered]:
    """Whether it is worth coming back: every call that failed met agents without room."""
    failures = {event.failure for event in events if isinstance(event, CallFailed)}
    return AgentsOverloaded if failures == {FailureKind.OVERLOADED} else NotAnswered


def _answer(reply: Reply, text: str | None, used: Usage | wire.UsageModel, extras: Mapping[str, Any]) -> Answer:
    calls = reply.data.get("tool_calls") or ()
    said = reply.data.get("finish_reason")
    return Answer(
        text=text or "",
        tool_calls=calls,
        finish_reason="tool_calls" if calls else "length" if said == "length" else "stop",
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        cached_tokens=used.cached_tokens,
        extras=extras,
    )
