"""What the storage ports take and give, beyond the words of the domain. Times are aware UTC datetimes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from stigmergy.domain import NOTHING, AgentId, Budget, Episode, EpisodeId, Spend, Status, Task, TaskId

Durability: TypeAlias = Literal["process_crash", "power_loss"]
"""What a committed write on SQLite survives."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event of an episode as the journal keeps it.

    ``payload`` is canonical JSON that the store never opens; ``v`` is the version of its form, for readers to upcast.
    ``previous`` is the hash of the event before (``platform.chain``); empty where the episode is not chained.
    """

    episode_id: EpisodeId
    seq: int
    kind: str
    payload: str
    v: int
    at: datetime
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person or a judge made of an episode. ``quality`` is in [0, 1]."""

    episode_id: EpisodeId
    quality: float
    source: str
    comment: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeFilter:
    """Which episodes to list; None does not narrow. The span is ``since <= finished_at < before``."""

    tenant: str | None = None
    graph: str | None = None
    router: str | None = None
    status: Status | None = None
    since: datetime | None = None
    before: datetime | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class EpisodePage:
    """Episodes, the last finished first. ``next_cursor`` is None on the last page."""

    episodes: tuple[Episode, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Whose a task is and until when: past that time another process may claim it."""

    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Fence:
    """Who may still write for a task: the holder since ``epoch``, which every take-over raises by one."""

    task_id: TaskId
    epoch: int


@dataclass(frozen=True, slots=True)
class Closing:
    """What an episode leaves when its task ends, stored with that end: its summary and its last events."""

    episode: Episode
    events: tuple[StoredEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whether ``agent`` may be called at ``place``: a node of the main line, or ``fan/text/node`` in a branch."""

    place: str
    agent: AgentId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decided about the question at ``place``."""

    place: str
    approved: bool
    by: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """A stored task and where it stands.

    ``owner`` is the process that runs it, ``epoch`` counts its take-overs and ``attempts`` how often one started to
    run it; ``result`` is JSON text. ``cancel_requested`` tells the owner to stop it; ``question`` is what it waits for,
    and ``decision`` what was decided until its owner has heard of it.
    """

    task: Task
    status: Status = Status.PENDING
    reason: str = ""
    answer: str | None = None
    episode_id: EpisodeId | None = None
    owner: str | None = None
    lease_expires_at: datetime | None = None
    epoch: int = 0
    attempts: int = 0
    cancel_requested: bool = False
    question: Question | None = None
    decision: Decision | None = None
    result: str | None = None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks to list; None does not narrow. The span is ``since <= created_at < before``."""

    tenant: str | None = None
    graph: str | None = None
    status: Status | None = None
    since: datetime | None = None
    before: datetime | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Tasks, the last created first. ``next_cursor`` is None on the last page."""

    tasks: tuple[TaskRecord, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """A wish for a slice of an account's budget: ``slice`` if that much is left, but at least ``need``."""

    account: str
    limit: Budget
    need: Spend
    slice: Spend


@dataclass(frozen=True, slots=True)
class Holding:
    """What a holder was granted of an account, and the part that it has settled; both since it began."""

    account: str
    granted: Spend
    settled: Spend = NOTHING


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands in the store: booked for good, lost with a crash, and out in leased slices."""

    spent: Spend = NOTHING
    written_off: Spend = NOTHING
    leased: Spend = NOTHING

    def taken(self) -> Spend:
        """What counts against the limit."""
        return self.spent + self.written_off + self.leased


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A holder whose lease has run out: what it held, and the unsettled episodes that drew on each account."""

    holder: str
    holdings: tuple[Holding, ...]
    episodes: tuple[tuple[EpisodeId, str], ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What the journal proves of a lapsed holding: ``spent``, and ``in_doubt``, of which nobody knows."""

    account: str
    spent: Spend
    in_doubt: Spend
