"""What travels over HTTP: one set of models for server and client. Unknown keys in a request are refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from stigmergy.domain import HIGHEST_PRIORITY, FailureKind, Status

MAX_QUERY_BYTES = 1_000_000
MAX_BATCH = 1000
DEFAULT_PORT = 8700
PROBLEM_TYPE = "application/problem+json"


class Asked(BaseModel):
    """Base of what a client sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """Base of what the server answers; a newer server may say more than this client knows."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class BudgetModel(Asked):
    """Upper limits of a task; what is left out is unlimited. ``deadline_s`` counts from when the task is accepted."""

    max_usd: Decimal | None = None
    max_tokens: int | None = None
    max_calls: int | None = None
    deadline_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class MessageModel(Asked):
    """One message of a conversation."""

    role: str
    content: str


class TaskBody(Asked):
    """What makes a task. Give ``query``, or ``messages`` whose last one is the query, or both."""

    query: str | None = None
    messages: tuple[MessageModel, ...] = ()
    graph: str | None = None
    router: str | None = None
    """One of those that the graph offers; its default when left out."""
    trade_off: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """What money is worth in quality, in the unit of the router; left out, as the router is configured."""
    budget: BudgetModel = BudgetModel()
    task_type: str | None = None
    labels: Mapping[str, str] = Field(default_factory=dict, max_length=32)
    reference: str | None = None
    """For the graph's evaluator alone; no agent sees it."""
    priority: int = Field(default=0, ge=-HIGHEST_PRIORITY, le=HIGHEST_PRIORITY)
    """Who waits: one step is worth a minute of waiting. What runs already is not interrupted."""


class TaskRequest(TaskBody):
    """A task as submitted."""

    wait: bool = True
    """Answer when the task has ended; otherwise at once, with status 202."""
    explain: bool = False
    """With ``wait``: answer with every hop, what else was feasible, and the figures behind the choice."""


class BatchTask(TaskBody):
    """One task of a batch; nothing of a batch is waited for. Two submissions with one key are one task."""

    idempotency_key: str | None = Field(default=None, min_length=1, max_length=255)


class BatchRequest(Asked):
    """Many tasks at once."""

    tasks: tuple[BatchTask, ...] = Field(min_length=1, max_length=MAX_BATCH)


class UsageModel(Told):
    """What was used, ``cached_tokens`` of the input. ``charged_usd`` has failed calls too, ``usd`` committed steps."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    model_calls: int = 0
    usd: Decimal = Decimal(0)
    charged_usd: Decimal = Decimal(0)


class FailureModel(Told):
    """A failed call."""

    node: str
    agent: str
    kind: FailureKind
    reason: str
    charged_usd: Decimal = Decimal(0)


class OptionModel(Told):
    """A feasible next hop: its score (none where it is the only one), its probability, and the figures behind it."""

    node: str
    score: float | None
    probability: float
    evidence: Mapping[str, float] = {}


class HopModel(Told):
    """Why one hop was taken. ``options`` come best first; the second is what would have been second.

    ``not_retrieved`` counts feasible successors that retrieval left out before anything was scored.
    """

    source: str
    node: str
    decided_by: str
    probability: float
    policy_version: str = ""
    """Of what the router scored with."""
    options: tuple[OptionModel, ...] = ()
    refused: Mapping[str, str] = {}
    not_retrieved: int = 0


class ApprovalModel(Told):
    """What a task waits for: whether ``agent`` may be called at ``place``. ``approved`` is None until it is decided."""

    place: str
    agent: str
    reason: str
    approved: bool | None = None
    by: str | None = None


class SpendModel(Told):
    """An amount of every budgeted resource."""

    usd: Decimal = Decimal(0)
    tokens: int = 0
    calls: int = 0


class ChargeModel(Told):
    """One attempt of a step: what was set aside for it, and what it was charged.

    ``settlement``: ``committed`` (what it used), ``released`` (provably not sent), ``worst_case`` (it failed, and may
    have done the work), ``unknown`` (it was cut off; its worst case is charged).
    """

    step: str
    node: str
    agent: str
    attempt: int
    reserved: SpendModel
    charged: SpendModel
    settlement: str


class TaskResult(Told):
    """A task as the server knows it; fields of the result are empty until it has ended."""

    id: str
    status: Status
    reason: str = ""
    graph: str
    router: str
    trade_off: float | None = None
    """What the router weighed money with; None for one that takes no trade-off."""
    answer: str | None = None
    route: tuple[str, ...] = ()
    usage: UsageModel = UsageModel()
    latency_s: float | None = None
    reroutes: int = 0
    failures: tuple[FailureModel, ...] = ()
    dropped: tuple[str, ...] = ()
    episode_id: str | None = None
    quality: float | None = None
    approval: ApprovalModel | None = None
    hops: tuple[HopModel, ...] = ()
    ledger: tuple[ChargeModel, ...] = ()
    """Told of every task that did not end as completed, and of all with ``explain``."""
    created_at: datetime | None = None


class ApprovalRequest(Asked):
    """Who decides about a risky hop, and why. ``place`` names the hop; left out, it is the one that is asked about."""

    by: str = Field(default="user", min_length=1, max_length=255)
    comment: str = Field(default="", max_length=10_000)
    place: str | None = Field(default=None, min_length=1)


class TaskPageModel(Told):
    """Tasks, the last created first; ``next_cursor`` asks for the following page."""

    tasks: tuple[TaskResult, ...]
    next_cursor: str | None = None


class TaskEvent(Told):
    """One event of a task as it is told while it runs; the last one is of kind ``end``, its data is the task.

    ``seq`` numbers the events of the task's episode; the ``end`` has none.
    """

    seq: int | None = None
    kind: str
    data: Mapping[str, Any]


class EventModel(Told):
    """One event of an episode, as stored."""

    seq: int
    kind: str
    at: datetime
    data: Mapping[str, Any]


class EpisodeModel(Told):
    """An episode: its summary and, when asked for alone, all its events."""

    id: str
    task_id: str
    graph: str
    router: str
    task_type: str | None
    status: Status
    reason: str
    route: tuple[str, ...]
    answer: str | None
    usage: UsageModel
    reroutes: int
    failures: tuple[FailureModel, ...]
    dropped: tuple[str, ...]
    control_llm_calls: int
    quality: float | None
    started_at: datetime
    finished_at: datetime
    events: tuple[EventModel, ...] = ()


class EpisodePageModel(Told):
    """Episodes, newest first; ``next_cursor`` asks for the following page."""

    episodes: tuple[EpisodeModel, ...]
    next_cursor: str | None = None


class FeedbackRequest(Asked):
    """A judgement of an episode."""

    quality: float = Field(ge=0, le=1)
    source: str = "user"
    comment: str = ""


class NodeModel(Told):
    """A node of a graph with the health and load of its agent at this moment."""

    name: str
    agent: str
    description: str = ""
    optional: bool = False
    worst_case_usd: Decimal = Decimal(0)
    available: bool = True
    success_rate: float = 1.0
    response_s: float | None = None
    load: int = 0


class EdgeModel(Told):
    """Who may hand work to whom; ``trails`` holds the pheromone per task type where a colony has left any."""

    source: str
    target: str
    trails: Mapping[str, float] = {}


class GraphModel(Told):
    """A served graph."""

    name: str
    version: str
    description: str = ""
    default_router: str
    routers: tuple[str, ...] = ()
    """Those that a task may name."""
    nodes: tuple[NodeModel, ...]
    edges: tuple[EdgeModel, ...]


class FootprintModel(Told):
    """What is left in a trail of one past episode's deposit; below 0 it weakened the trail."""

    episode: str
    amount: float


class TrailModel(Told):
    """The trail on an edge (1 is neither good nor bad), and the past episodes with the largest deposits in it."""

    source: str
    target: str
    trail: float
    footprints: tuple[FootprintModel, ...] = ()


class TypeTrailsModel(Told):
    """What a colony has learnt of one task type; ``episodes`` are weighted, ``trails`` come strongest first."""

    episodes: float
    mean_utility: float
    trails: tuple[TrailModel, ...]
    abilities: Mapping[str, float] = {}


class ColonyModel(Told):
    """What a colony has learnt on one graph. ``origin`` is the artifact that it began from, if any."""

    colony: str
    version: int
    origin: str = ""
    episodes: int
    types: Mapping[str, TypeTrailsModel]


class TrailsModel(Told):
    """Every colony's trails on a graph at this moment."""

    graph: str
    colonies: tuple[ColonyModel, ...]


class PolicyModel(Told):
    """A trained artifact that serves. ``problem`` says why a newer file does not: empty where there is none."""

    entry: str
    """In the configuration: ``routers.near``, ``panels.asked``, ``graphs.main.guard``."""
    version: str
    agents: tuple[str, ...] = ()
    problem: str = ""


class ServedModel(Told):
    """What this server serves; ``config`` is a fingerprint, ``warnings`` what of it should be looked at."""

    graphs: tuple[str, ...]
    routers: tuple[str, ...]
    default_graph: str
    policies: tuple[PolicyModel, ...] = ()
    version: str = ""
    config: str = ""
    store: str = ""
    in_flight: int = 0
    warnings: tuple[str, ...] = ()


class RouteModel(Told):
    """The route that a router would take now if every call went well. No agent is called."""

    graph: str
    router: str
    trade_off: float | None = None
    mixture: Mapping[str, float]
    hops: tuple[HopModel, ...]


class Problem(Told):
    """An error (RFC 9457). ``code`` names the class of ``stigmergy.errors``, ``facts`` are its arguments."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    facts: tuple[Any, ...] = ()


class BatchOutcome(Told):
    """What became of one task of a batch: the accepted task, or why it was refused."""

    task: TaskResult | None = None
    problem: Problem | None = None


class BatchResult(Told):
    """What became of every task of a batch, in the order given."""

    outcomes: tuple[BatchOutcome, ...]
