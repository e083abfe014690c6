"""Domain records to table rows and back. Pure; the column types do the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import index
from typing import Any, TypeAlias

from sqlalchemy import RowMapping

from stigmergy.domain import (
    Budget,
    Episode,
    Failure,
    FailureKind,
    Message,
    Spend,
    Status,
    Task,
    Usage,
    from_nano,
    to_nano,
)
from stigmergy.platform.records import Decision, Feedback, Question, StoredEvent, TaskRecord

Row: TypeAlias = dict[str, Any]
Stored: TypeAlias = Mapping[str, Any] | RowMapping


def event_row(event: StoredEvent) -> Row:
    """An event as a row of ``events``."""
    return {
        "episode_id": event.episode_id,
        "seq": event.seq,
        "kind": event.kind,
        "payload": event.payload,
        "v": event.v,
        "at": event.at,
        "previous": event.previous,
    }


def event_record(stored: Sequence[Any]) -> StoredEvent:
    """A row of ``events`` as an event.

    Raises:
        TypeError: a number is none; SQLite keeps what it is given.
    """
    episode_id, seq, kind, payload, v, at, previous = stored
    return StoredEvent(episode_id, index(seq), kind, payload, index(v), at, previous)


def feedback_row(feedback: Feedback) -> Row:
    """Feedback as a row of ``feedback``."""
    return {
        "episode_id": feedback.episode_id,
        "quality": feedback.quality,
        "source": feedback.source,
        "comment": feedback.comment,
        "at": feedback.at,
    }


def _budget_json(budget: Budget) -> Row:
    return {
        "max_nano_usd": None if budget.max_usd is None else to_nano(Decimal(budget.max_usd)),
        "max_tokens": budget.max_tokens,
        "max_calls": budget.max_calls,
        "deadline": None if budget.deadline is None else budget.deadline.isoformat(),
    }


def _budget(stored: Stored) -> Budget:
    usd, deadline = stored["max_nano_usd"], stored["deadline"]
    return Budget(
        max_usd=None if usd is None else from_nano(usd),
        max_tokens=stored["max_tokens"],
        max_calls=stored["max_calls"],
        deadline=None if deadline is None else datetime.fromisoformat(deadline),
    )


def _message_json(message: Message) -> list[Any]:
    said: list[Any] = [message.role, message.content]
    return [*said, dict(message.details)] if message.details else said


def new_task_row(record: TaskRecord, body_hash: str) -> Row:
    """A task that is new as a row of ``tasks``."""
    task = record.task
    return {
        "id": task.id,
        "tenant": task.tenant,
        "key_name": task.key,
        "idempotency_key": task.idempotency_key,
        "body_hash": body_hash,
        "text": task.text,
        "graph": task.graph,
        "router": task.router,
        "trade_off": task.trade_off,
        "messages": [_message_json(message) for message in task.messages],
        "budget": _budget_json(task.budget),
        "task_type": task.task_type,
        "reference": task.reference,
        "labels": dict(task.labels),
        "options": dict(task.options) or None,
        "priority": task.priority,
        "turn_at": task.turn_at,
        "created_at": task.created_at,
        "updated_at": record.updated_at,
        "status": record.status.value,
        "reason": record.reason,
        "episode_id": record.episode_id,
        "attempts": record.attempts,
        "answer": record.answer,
        "result": record.result,
        "cancel_requested": record.cancel_requested,
        "question": None,
        "decision": None,
        "lease_owner": record.owner,
        "lease_expires_at": record.lease_expires_at,
        "lease_epoch": record.epoch,
    }


def task_record(stored: Stored) -> TaskRecord:
    """A row of ``tasks`` as a record."""
    return TaskRecord(
        task=Task(
            id=stored["id"],
            text=stored["text"],
            graph=stored["graph"],
            router=stored["router"],
            trade_off=stored["trade_off"],
            messages=tuple(Message(*message) for message in stored["messages"]),
            budget=_budget(stored["budget"]),
            task_type=stored["task_type"],
            reference=stored["reference"],
            idempotency_key=stored["idempotency_key"],
            labels=stored["labels"],
            options=stored["options"] or {},
            tenant=stored["tenant"],
            priority=stored["priority"],
            key=stored["key_name"],
            created_at=stored["created_at"],
        ),
        status=Status(stored["status"]),
        reason=stored["reason"],
        answer=stored["answer"],
        episode_id=stored["episode_id"],
        owner=stored["lease_owner"],
        lease_expires_at=stored["lease_expires_at"],
        epoch=stored["lease_epoch"],
        attempts=stored["attempts"],
        cancel_requested=stored["cancel_requested"],
        question=None if stored["question"] is None else Question(**stored["question"]),
        decision=None if stored["decision"] is None else Decision(**stored["decision"]),
        result=stored["result"],
        updated_at=stored["updated_at"],
    )


def _usage_json(usage: Usage) -> Row:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "model_calls": usage.model_calls,
        "nano_usd": to_nano(usage.usd),
        "latency_s": usage.latency_s,
        "cached_tokens": usage.cached_tokens,
    }


def _usage(stored: Stored) -> Usage:
    return Usage(
        stored["input_tokens"],
        stored["output_tokens"],
        stored["model_calls"],
        from_nano(stored["nano_usd"]),
        stored["latency_s"],
        # Rows of before they were counted hold none.
        stored.get("cached_tokens", 0),
    )


def _failure_json(failure: Failure) -> Row:
    charged = failure.charged
    return {
        "node": failure.node,
        "agent": failure.agent,
        "kind": failure.kind.value,
        "reason": failure.reason,
        "nano_usd": to_nano(charged.usd),
        "tokens": charged.tokens,
        "calls": charged.calls,
    }


def _failure(stored: Stored) -> Failure:
    return Failure(
        node=stored["node"],
        agent=stored["agent"],
        kind=FailureKind(stored["kind"]),
        reason=stored["reason"],
        charged=Spend(from_nano(stored["nano_usd"]), stored["tokens"], stored["calls"]),
    )


def episode_row(episode: Episode) -> Row:
    """An episode as a row of ``episodes``."""
    return {
        "id": episode.id,
        "task_id": episode.task_id,
        "graph": episode.graph,
        "router": episode.router,
        "task_type": episode.task_type,
        "status": episode.status.value,
        "reason": episode.reason,
        "route": list(episode.route),
        "answer": episode.answer,
        "usage": _usage_json(episode.usage),
        "charged_usd": episode.charged_usd,
        "reroutes": episode.reroutes,
        "failures": [_failure_json(failure) for failure in episode.failures],
        "dropped": list(episode.dropped),
        "control_llm_calls": episode.control_llm_calls,
        "quality": episode.quality,
        "started_at": episode.started_at,
        "finished_at": episode.finished_at,
        "tenant": episode.tenant,
        "head": episode.head,
        "policy": episode.policy,
    }


def episode_record(stored: Stored) -> Episode:
    """A row of ``episodes`` as an episode."""
    return Episode(
        id=stored["id"],
        task_id=stored["task_id"],
        graph=stored["graph"],
        router=stored["router"],
        task_type=stored["task_type"],
        status=Status(stored["status"]),
        reason=stored["reason"],
        route=tuple(stored["route"]),
        answer=stored["answer"],
        usage=_usage(stored["usage"]),
        charged_usd=stored["charged_usd"],
        reroutes=stored["reroutes"],
        failures=tuple(_failure(failure) for failure in stored["failures"]),
        dropped=tuple(stored["dropped"]),
        control_llm_calls=stored["control_llm_calls"],
        quality=stored["quality"],
        started_at=stored["started_at"],
        finished_at=stored["finished_at"],
        tenant=stored["tenant"],
        head=stored["head"],
        policy=stored["policy"],
    )
