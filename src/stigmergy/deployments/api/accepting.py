"""From a request body to a task: everything a caller can get wrong is refused here, before anything is stored."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from stigmergy import wire
from stigmergy.deployments.problems import malformed
from stigmergy.domain import Budget, Message, Task
from stigmergy.errors import BudgetExhausted, InvalidBudget, InvalidQuery, UnknownGraph
from stigmergy.platform.keyring import Asker
from stigmergy.platform.records import TaskRecord
from stigmergy.platform.runtime import Runtime
from stigmergy.platform.settings import GraphConfig, Settings

_MOST_USD = Decimal(9_000_000_000)
"""Money is stored in nano-dollars, in integers of 64 bits."""

Form = TypeVar("Form", bound=BaseModel)

_MOST_BYTES = 2 * wire.MAX_QUERY_BYTES
"""Of a whole body: JSON escapes may double a query."""


async def read_body(request: Request, most_bytes: int = _MOST_BYTES) -> bytes:
    """The body of a request, refused as soon as it is known to be too long.

    Raises:
        InvalidQuery: more than ``most_bytes``; by default 2 MB.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise InvalidQuery(f"the body is longer than {most_bytes} bytes")
    return bytes(body)


def parsed(model: type[Form], body: bytes) -> Form:
    """The body as what was asked for.

    Raises:
        MalformedRequest: it is no JSON, or of another shape.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise malformed(error.errors(include_url=False, include_input=False)) from None


def new_token() -> str:
    """What nothing else is named by: 128 random bits."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Submission:
    """Who submits a task and when, the idempotency key, if it came with one, and what is unique about it."""

    asker: Asker
    at: datetime
    key: str | None = None
    token: str = field(default_factory=new_token)


async def accept(runtime: Runtime, task: Task, body: str) -> TaskRecord:
    """Store the task and start it; ``body`` is the hash of its body.

    Raises:
        BudgetExhausted: the tenant, or its key, has too little left for any path; nothing was stored.
        UnknownGraph, UnknownRouter, BudgetTooSmall, IdempotencyConflict: as ``TaskDesk.accept``.
    """
    try:
        await runtime.budgets.accounts.admit(task, runtime.engine.check)
    except BudgetExhausted:
        # What was accepted before is told again, whatever has been spent since.
        known = await runtime.store.tasks.known(task, body)
        if known is None:
            raise
        return known
    return await runtime.desk.accept(task, body)


def task_from(asked: wire.TaskBody, settings: Settings, submission: Submission) -> Task:
    """The task that a request describes, with the graph's defaults for what it leaves out.

    Raises:
        InvalidQuery: no text, too much of it, or characters that cannot be stored.
        InvalidBudget: a limit below zero, or beyond what a calendar or a database can hold.
        UnknownGraph: the graph is not configured.
    """
    name = asked.graph or settings.main_graph
    config = settings.graphs.get(name)
    if config is None:
        raise UnknownGraph(name, tuple(settings.graphs))
    return Task(
        id=f"task_{submission.token}",
        text=_text(asked),
        messages=tuple(Message(message.role, message.content) for message in asked.messages),
        graph=name,
        router=asked.router or config.router,
        trade_off=asked.trade_off,
        budget=budget_of(asked.budget, config, submission.at),
        task_type=asked.task_type,
        reference=asked.reference,
        idempotency_key=submission.key,
        labels=dict(asked.labels),
        tenant=submission.asker.tenant,
        key=submission.asker.key,
        priority=asked.priority,
        created_at=submission.at,
    )


def body_hash(body: bytes) -> str:
    """What tells two bodies under one idempotency key apart."""
    return sha256(body).hexdigest()


def storable(*texts: str) -> None:
    """Refuse texts that a database or an event cannot keep.

    Raises:
        InvalidQuery: a NUL character, or half of a surrogate pair.
    """
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidQuery(f"character {error.start} is half of a surrogate pair, which is no text") from None
        if "\x00" in text:
            raise InvalidQuery("it contains a NUL character, which databases cannot store")


def _text(asked: wire.TaskBody) -> str:
    text = asked.query if asked.query is not None else (asked.messages[-1].content if asked.messages else "")
    if not text.strip():
        raise InvalidQuery("it is empty; give `query`, or `messages` whose last one has content")
    storable(*_texts(asked))
    not_too_long(text, *(message.content for message in asked.messages))
    return text


def not_too_long(*texts: str) -> None:
    """Refuse more text than one query may have; raises InvalidQuery."""
    size = sum(len(part.encode()) for part in texts)
    if size > wire.MAX_QUERY_BYTES:
        raise InvalidQuery(f"it has {size} bytes; at most {wire.MAX_QUERY_BYTES} are taken")


def _texts(asked: wire.TaskBody) -> Iterator[str]:
    """Everything of a request that is stored as it is."""
    yield from (asked.query or "", asked.task_type or "", asked.reference or "")
    for message in asked.messages:
        yield from (message.role, message.content)
    for name, value in asked.labels.items():
        yield from (name, value)


def budget_of(asked: wire.BudgetModel, config: GraphConfig, now: datetime) -> Budget:
    """The caller's limits; where there is none, the graph's."""
    default = config.budget
    deadline_s = asked.deadline_s if asked.deadline_s is not None else default.deadline_s
    return Budget(
        max_usd=_usd(asked.max_usd) if asked.max_usd is not None else default.max_usd,
        max_tokens=asked.max_tokens if asked.max_tokens is not None else default.max_tokens,
        max_calls=asked.max_calls if asked.max_calls is not None else default.max_calls,
        deadline=None if deadline_s is None else _deadline(now, deadline_s),
    )


def _usd(limit: Decimal) -> Decimal:
    if limit.is_finite() and limit > _MOST_USD:
        raise InvalidBudget("max_usd", f"{limit}, which is more than the {_MOST_USD} that can be booked")
    return limit


def _deadline(now: datetime, deadline_s: float) -> datetime:
    try:
        return now + timedelta(seconds=deadline_s)
    except OverflowError:
        raise InvalidBudget("deadline_s", f"{deadline_s:g}, which lies beyond the year 9999") from None
