"""The words of ARCHITECTURE section 2 as frozen types. Money is ``Decimal`` USD, time is seconds or UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Any, Final, TypeAlias

from stigmergy.errors import InvalidBudget

AgentId: TypeAlias = str
NodeId: TypeAlias = str
TaskId: TypeAlias = str
EpisodeId: TypeAlias = str
TaskType: TypeAlias = str
Mixture: TypeAlias = Mapping[TaskType, float]
"""Weights of task types, non-negative, summing to one."""
ModelOptions: TypeAlias = Mapping[str, Any]
"""What a caller asks of a language model beside the conversation: ``temperature``, ``max_tokens``, ``stop``, ``seed``,
``tools`` ..., named as in OpenAI's chat completions. JSON-compatible."""

START: Final = "START"
GOAL: Final = "GOAL"
ESCALATION: Final = "ESCALATION"
"""The node name under which the escalation agent's step is logged; no node of a graph may have it."""
ZERO: Final = Decimal(0)
NANO: Final = Decimal("0.000000001")
MILLION: Final = 1_000_000
HIGHEST_PRIORITY: Final = 10
"""Of a task; the lowest is as far below zero."""
_PRIORITY_STEP: Final = timedelta(minutes=1)
UNKNOWN_TYPE: Final = "general"
"""The task type of a query about which nothing is known."""


def to_nano(usd: Decimal) -> int:
    """USD as integer nano-dollars, the form in which money is stored."""
    return int(usd.quantize(NANO, rounding=ROUND_HALF_EVEN).scaleb(9))


def from_nano(nano: int) -> Decimal:
    """Stored nano-dollars back as USD."""
    return Decimal(nano).scaleb(-9)


class Status(StrEnum):
    """Where a task stands. The last six are ends, and every task reaches exactly one of them.

    A dead letter alone can begin again: nothing is wrong with it that is known, but every process that ran it died.
    """

    PENDING = "pending"
    RUNNING = "running"
    NEEDS_APPROVAL = "needs_approval"
    COMPLETED = "completed"
    DEMOTED = "demoted"
    ESCALATED = "escalated"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    DEAD_LETTER = "dead_letter"

    @property
    def stands_still(self) -> bool:
        """Whether nothing more happens to the task by itself."""
        return self.ended or self is Status.NEEDS_APPROVAL

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the task."""
        return self not in (Status.PENDING, Status.RUNNING, Status.NEEDS_APPROVAL)


class FailureKind(StrEnum):
    """How a call failed; ``hard`` kinds open the breaker at once."""

    ERROR = "error"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    INVALID_REPLY = "invalid_reply"
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    INTERRUPTED = "interrupted"
    """The process that made the call died; nothing is known of the agent."""

    @property
    def hard(self) -> bool:
        """Whether one such failure is proof enough that the agent is down."""
        return self is FailureKind.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Spend:
    """An amount of every budgeted resource: what a call uses, may use, or has used."""

    usd: Decimal = ZERO
    tokens: int = 0
    calls: int = 0

    def __add__(self, other: Spend) -> Spend:
        if other is NOTHING:  # most of what is added: no earmark, nothing held elsewhere
            return self
        if self is NOTHING:
            return other
        return Spend(self.usd + other.usd, self.tokens + other.tokens, self.calls + other.calls)

    def __sub__(self, other: Spend) -> Spend:
        if other is NOTHING:
            return self
        return Spend(self.usd - other.usd, self.tokens - other.tokens, self.calls - other.calls)

    def beyond(self, other: Spend) -> Spend:
        """What is above ``other``, per resource; zero where nothing is."""
        if self.at_most(other):
            return NOTHING
        return Spend(
            max(self.usd - other.usd, ZERO), max(self.tokens - other.tokens, 0), max(self.calls - other.calls, 0)
        )

    def capped(self, other: Spend) -> Spend:
        """The smaller of both, per resource."""
        return Spend(min(self.usd, other.usd), min(self.tokens, other.tokens), min(self.calls, other.calls))

    def at_most(self, other: Spend) -> bool:
        """Whether no resource exceeds that of ``other`` (Pareto order)."""
        return self.usd <= other.usd and self.tokens <= other.tokens and self.calls <= other.calls


NOTHING: Final = Spend()


@dataclass(frozen=True, slots=True)
class Budget:
    """Upper limits per task; ``None`` is no limit. ``deadline`` is an absolute UTC time."""

    max_usd: Decimal | None = None
    max_tokens: int | None = None
    max_calls: int | None = None
    deadline: datetime | None = None

    def __post_init__(self) -> None:
        for resource in ("max_usd", "max_tokens", "max_calls"):
            value = getattr(self, resource)
            if value is not None and (not Decimal(value).is_finite() or value < 0):
                raise InvalidBudget(resource, str(value))

    def excess(self, spend: Spend) -> tuple[str, str, str] | None:
        """The first resource that ``spend`` exceeds, as (name, limit, asked), or None when all fit."""
        limits = (("usd", self.max_usd), ("tokens", self.max_tokens), ("calls", self.max_calls))
        for resource, limit in limits:
            asked = getattr(spend, resource)
            if limit is not None and asked > limit:
                return resource, str(limit), str(asked)
        return None

    @property
    def limits_spend(self) -> bool:
        """Whether any resource is limited; a deadline is not one."""
        return not (self.max_usd is None and self.max_tokens is None and self.max_calls is None)

    def within(self, amount: Spend) -> Budget:
        """The same resources limited, each to ``amount``; the others stay without a limit."""
        return Budget(
            None if self.max_usd is None else amount.usd,
            None if self.max_tokens is None else amount.tokens,
            None if self.max_calls is None else amount.calls,
            self.deadline,
        )

    def left(self, taken: Spend) -> Spend:
        """What is left after ``taken``, never below zero; zero for a resource without a limit."""
        whole = Spend(self.max_usd or ZERO, self.max_tokens or 0, self.max_calls or 0)
        return whole.beyond(taken)

    def allows(self, spend: Spend) -> bool:
        """Whether ``spend`` fits every limit."""
        return (
            (self.max_usd is None or spend.usd <= self.max_usd)
            and (self.max_tokens is None or spend.tokens <= self.max_tokens)
            and (self.max_calls is None or spend.calls <= self.max_calls)
        )


@dataclass(frozen=True, slots=True)
class Price:
    """What one model call costs: a flat part and a part per million tokens.

    ``per_million_cached_input``, at most ``per_million_input``, is for input that the model did not compute anew; None:
    it costs what other input costs.
    """

    per_call: Decimal = ZERO
    per_million_input: Decimal = ZERO
    per_million_output: Decimal = ZERO
    per_million_cached_input: Decimal | None = None

    def of(self, input_tokens: int, output_tokens: int, calls: int = 1, cached_tokens: int = 0) -> Decimal:
        """USD for ``calls`` calls that used these tokens together, rounded to nano-dollars.

        ``per_call x calls + ((input - cached) x input price + cached x cached price + output x output price) / 10^6``,
        where ``cached_tokens`` are those of the input: never more than the same tokens cost without them.
        """
        tokens = self.per_million_input * input_tokens + self.per_million_output * output_tokens
        if cached_tokens and self.per_million_cached_input is not None:
            tokens -= (self.per_million_input - self.per_million_cached_input) * cached_tokens
        return (self.per_call * calls + tokens / MILLION).quantize(NANO)


@dataclass(frozen=True, slots=True)
class TokenCaps:
    """The most one call of an agent may use; enforced before sending, so that worst cases are true."""

    max_input_tokens: int = 8192
    max_output_tokens: int = 1024
    max_model_calls: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """What is known of an agent without asking it. Engine, routers and ledger work from this alone."""

    id: AgentId
    description: str = ""
    body: str = ""
    """What it really does, in its own words: prompt, skills, examples of its work. Retrieval searches it."""
    price: Price
    caps: TokenCaps = TokenCaps()
    timeout_s: float = 30.0
    expected_latency_s: float = 0.1
    rate_limit_per_minute: float | None = None
    effect: str | None = None
    """Name of the side effect (``book_hotel``): two committed steps of one episode never share it."""
    idempotent: bool = False
    ability: Mapping[TaskType, float] = field(default_factory=dict)
    """Prior share of tasks of a type that the agent does well, in [0, 1]."""

    def worst_case(self) -> Spend:
        """What one attempt may use at most: ``max_model_calls x caps x price``, as if nothing were cached."""
        calls = self.caps.max_model_calls
        tokens_in, tokens_out = calls * self.caps.max_input_tokens, calls * self.caps.max_output_tokens
        return Spend(self.price.of(tokens_in, tokens_out, calls), tokens_in + tokens_out, calls)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call really used. ``cached_tokens`` are those of the input that the model did not compute anew."""

    input_tokens: int = 0
    output_tokens: int = 0
    model_calls: int = 1
    usd: Decimal = ZERO
    latency_s: float = 0.0
    cached_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.model_calls + other.model_calls,
            self.usd + other.usd,
            self.latency_s + other.latency_s,
            self.cached_tokens + other.cached_tokens,
        )

    def spend(self) -> Spend:
        """The budgeted part of the usage."""
        return Spend(self.usd, self.input_tokens + self.output_tokens, self.model_calls)


NO_USAGE: Final = Usage(model_calls=0)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    ``details`` holds what a conversation with tools adds, as OpenAI's API has it: ``tool_calls``, ``tool_call_id``,
    ``name``. JSON-compatible.
    """

    role: str
    content: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a user asked. ``reference`` is for evaluators alone and never reaches an agent."""

    id: TaskId
    text: str
    graph: str
    router: str
    messages: tuple[Message, ...] = ()
    budget: Budget = Budget()
    task_type: TaskType | None = None
    reference: str | None = None
    idempotency_key: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    tenant: str = "local"
    trade_off: float | None = None
    """What money is worth in quality, at least 0, in the unit of its router; None: as the router is configured."""
    priority: int = 0
    key: str = ""
    """Name of the tenant's key that it was submitted with; empty where there are no keys."""
    options: ModelOptions = field(default_factory=dict)
    """How the completion that will be the answer is to be made; no other call of a language model knows of them."""
    created_at: datetime

    @property
    def turn_at(self) -> datetime:
        """Whose is earlier comes first among the waiting tasks of a tenant.

        A step of priority is worth a minute of waiting, so that a task of any priority passes every one that is
        created more than ``2 x HIGHEST_PRIORITY`` minutes after it: none starves.
        """
        return self.created_at - self.priority * _PRIORITY_STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed call, as logged: a failure is data."""

    node: NodeId
    agent: AgentId
    kind: FailureKind
    reason: str
    charged: Spend = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """The summary row of one task's run; the events hold the rest."""

    id: EpisodeId
    task_id: TaskId
    graph: str
    router: str
    task_type: TaskType | None
    status: Status
    reason: str
    route: tuple[NodeId, ...]
    answer: str | None
    usage: Usage
    charged_usd: Decimal
    reroutes: int
    failures: tuple[Failure, ...]
    dropped: tuple[NodeId, ...]
    control_llm_calls: int
    quality: float | None
    started_at: datetime
    finished_at: datetime
    tenant: str = "local"
    head: str = ""
    """Hash of the last event of the journal; empty where the journal is not chained."""
    policy: str = ""
    """Which policy, with its version, routed the first hop; empty in episodes from before that was kept."""
