"""Every error of Stigmergy, drawn as one tree.

Each class takes its facts as positional arguments and builds its text from them, so that it survives pickling
(Ray moves errors between processes and refuses keyword-only constructors). ``code`` is the stable name that the
HTTP API shows and that clients branch on.

StigmergyError
├── ConfigError              ├── GraphError                  ├── RequestError
│                            │   ├── CycleFound              │   ├── InvalidQuery     ├── InvalidBudget
│                            │   ├── UnknownAgent            │   ├── UnknownGraph     ├── UnknownRouter
│                            │   ├── UnknownNode             │   ├── TaskNotFound     ├── EpisodeNotFound
│                            │   ├── DuplicateName           │   ├── IdempotencyConflict
│                            │   ├── GoalUnreachable         │   ├── BudgetTooSmall   ├── MalformedRequest
│                            │   ├── InvalidFanOut           │   └── TaskEnded ─ ApprovalNotAsked ─ NoDeadLetter
│                            │   ├── InvalidPanel            │
│                            │   └── UnpricedAgent           ├── RoutingError ─ NoFeasibleHop, InvalidScores
├── AgentError               ├── StoreError                  ├── LedgerError ─ BudgetRefused, UnknownReservation
│   ├── AgentFailed          │   ├── SequenceConflict        ├── EpisodeError ─ IllegalEvent, NotAnswered, NotResumable
│   ├── AgentTimedOut        │   └── StoreUnavailable        ├── ServerError
│   ├── AgentRefused         └── MissingExtra                │   ├── ServerUnreachable
│   ├── AgentUnavailable ─ AgentLost                         │   ├── ServerOverloaded
│   ├── AgentOverloaded                                      │   ├── UnexpectedReply      ├── PortTaken ─ DeployFailed
│   ├── InvalidReply                                         │   └── WaitTimedOut
│   └── InputTooLong         (StoreError also: RecordUnreadable, LeaseLost, TaskTakenOver;
                              RequestError also: BudgetExhausted, Unauthorized, NoTradeOff,
                              PolicyNotFound, PolicyMoved, PromotionRefused,
                              InvalidPolicy, NotOperator;
                              ServerError also: ClusterUnreachable, ClusterRefused, RolloutTimedOut;
                              GraphError also: DuplicateAgent)
LearningError ─ InvalidLog, UnusableLog, InvalidArtifact, MissingView, UnknownEstimator, UnloggableGraph,
                UnfitPolicy, TrainingExists, GpuMissing
"""

from stigmergy.errors.agents import (
    AgentError,
    AgentFailed,
    AgentLost,
    AgentOverloaded,
    AgentRefused,
    AgentTimedOut,
    AgentUnavailable,
    InputTooLong,
    InvalidReply,
)
from stigmergy.errors.base import ConfigError, MissingExtra, StigmergyError
from stigmergy.errors.graphs import (
    CycleFound,
    DuplicateAgent,
    DuplicateName,
    GoalUnreachable,
    GraphError,
    InvalidFanOut,
    InvalidPanel,
    UnknownAgent,
    UnknownNode,
    UnpricedAgent,
)
from stigmergy.errors.learning import (
    GpuMissing,
    InvalidArtifact,
    InvalidLog,
    LearningError,
    MissingView,
    TrainingExists,
    UnfitPolicy,
    UnknownEstimator,
    UnloggableGraph,
    UnusableLog,
)
from stigmergy.errors.policies import InvalidPolicy, NotOperator, PolicyMoved, PolicyNotFound, PromotionRefused
from stigmergy.errors.requests import (
    ApprovalNotAsked,
    BudgetExhausted,
    BudgetTooSmall,
    EpisodeNotFound,
    IdempotencyConflict,
    InvalidBudget,
    InvalidQuery,
    MalformedRequest,
    NoDeadLetter,
    NoTradeOff,
    RequestError,
    TaskEnded,
    TaskNotFound,
    Unauthorized,
    UnknownGraph,
    UnknownRouter,
)
from stigmergy.errors.running import (
    BudgetRefused,
    EpisodeError,
    IllegalEvent,
    InvalidScores,
    LedgerError,
    NoFeasibleHop,
    NotAnswered,
    NotResumable,
    RoutingError,
    UnknownReservation,
)
from stigmergy.errors.services import (
    ClusterRefused,
    ClusterUnreachable,
    DeployFailed,
    LeaseLost,
    PortTaken,
    RecordUnreadable,
    RolloutTimedOut,
    SequenceConflict,
    ServerError,
    ServerOverloaded,
    ServerUnreachable,
    StoreError,
    StoreUnavailable,
    TaskTakenOver,
    UnexpectedReply,
    WaitTimedOut,
)

__all__ = [
    "AgentError",
    "AgentFailed",
    "AgentLost",
    "AgentOverloaded",
    "AgentRefused",
    "AgentTimedOut",
    "AgentUnavailable",
    "ApprovalNotAsked",
    "BudgetExhausted",
    "BudgetRefused",
    "BudgetTooSmall",
    "ClusterRefused",
    "ClusterUnreachable",
    "ConfigError",
    "CycleFound",
    "DeployFailed",
    "DuplicateAgent",
    "DuplicateName",
    "EpisodeError",
    "EpisodeNotFound",
    "GoalUnreachable",
    "GpuMissing",
    "GraphError",
    "IdempotencyConflict",
    "IllegalEvent",
    "InputTooLong",
    "InvalidArtifact",
    "InvalidBudget",
    "InvalidFanOut",
    "InvalidLog",
    "InvalidPanel",
    "InvalidPolicy",
    "InvalidQuery",
    "InvalidReply",
    "InvalidScores",
    "LearningError",
    "LeaseLost",
    "LedgerError",
    "MalformedRequest",
    "MissingExtra",
    "MissingView",
    "NoDeadLetter",
    "NoFeasibleHop",
    "NoTradeOff",
    "NotAnswered",
    "NotOperator",
    "NotResumable",
    "PolicyMoved",
    "PolicyNotFound",
    "PortTaken",
    "PromotionRefused",
    "RecordUnreadable",
    "RequestError",
    "RolloutTimedOut",
    "RoutingError",
    "SequenceConflict",
    "ServerError",
    "ServerOverloaded",
    "ServerUnreachable",
    "StigmergyError",
    "StoreError",
    "StoreUnavailable",
    "TaskEnded",
    "TaskNotFound",
    "TaskTakenOver",
    "TrainingExists",
    "Unauthorized",
    "UnexpectedReply",
    "UnfitPolicy",
    "UnknownAgent",
    "UnknownEstimator",
    "UnknownGraph",
    "UnknownNode",
    "UnknownReservation",
    "UnknownRouter",
    "UnloggableGraph",
    "UnpricedAgent",
    "UnusableLog",
    "WaitTimedOut",
]
