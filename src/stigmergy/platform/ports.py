"""What the use cases need from the outside, as protocols.

Storage ports are awaitable, and a call that returned is committed: another process sees it. Every one of them may
raise StoreUnavailable; each docstring names only what it raises beyond that. A caller that is cancelled while it
waits does not undo its write.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from stigmergy.domain import Episode, EpisodeId, Spend, Status, Task, TaskId
from stigmergy.platform.records import (
    Closing,
    Decision,
    Draw,
    EpisodeFilter,
    EpisodePage,
    Feedback,
    Fence,
    Holding,
    Lapsed,
    Lease,
    Proof,
    Question,
    Standing,
    StoredEvent,
    TaskFilter,
    TaskPage,
    TaskRecord,
)


class Journal(Protocol):
    """The append-only events of every episode."""

    async def append(self, episode_id: EpisodeId, events: Sequence[StoredEvent], fence: Fence | None = None) -> None:
        """Store all of ``events`` or none of them; behind a ``fence`` only while it stands.

        Raises:
            SequenceConflict: a number is already taken; nothing was stored.
            TaskTakenOver: the task of the fence has ended, or another process runs it; nothing was stored.
            StoreError: an event belongs to another episode.
        """
        ...

    async def read(self, episode_id: EpisodeId, after: int = -1) -> tuple[StoredEvent, ...]:
        """The events with a number above ``after``, in order; empty for an unknown episode.

        Raises:
            RecordUnreadable: a row was changed to something that is no event.
        """
        ...


class EpisodeStore(Protocol):
    """One summary row per episode, and the feedback on it."""

    async def save(self, episode: Episode) -> None:
        """Insert or replace. An episode saved without a quality keeps the one that feedback gave it.

        A head that is stored stays: what is saved again may be older than the feedback that moved it.
        """
        ...

    async def save_many(self, episodes: Sequence[Episode]) -> None:
        """Save all of ``episodes`` or none of them."""
        ...

    async def get(self, episode_id: EpisodeId) -> Episode:
        """The episode.

        Raises:
            EpisodeNotFound: none is stored under this id.
            RecordUnreadable: the row was changed to something that is no episode.
        """
        ...

    async def list(self, narrow: EpisodeFilter) -> EpisodePage:
        """The episodes that ``narrow`` leaves, the last finished first (then by id, downwards).

        Paging is stable: what is saved while somebody turns pages neither repeats nor hides an older row.

        Raises:
            InvalidQuery: the cursor is not one of ours, or the limit is below one.
        """
        ...

    async def add_feedback(self, feedback: Feedback, given: StoredEvent) -> None:
        """Keep the feedback, append ``given``, the event that tells of it, and move the head: all of it or nothing.

        The quality becomes the episode's. The head moves only from the hash that ``given`` carries: over a journal
        that was changed it stays where it was, so that the change is still found.

        Raises:
            EpisodeNotFound: none is stored under this id.
            SequenceConflict: the event's number is already taken; nothing was stored.
            StoreError: the event is of another episode.
        """
        ...

    async def add_judgement(self, episode_id: EpisodeId, quality: float, given: StoredEvent) -> None:
        """Keep a quality that the platform's own judge gave: as ``add_feedback``, but no feedback is kept.

        Raises:
            EpisodeNotFound, SequenceConflict, StoreError: as ``add_feedback``.
        """
        ...

    async def feedback(self, episode_id: EpisodeId) -> tuple[Feedback, ...]:
        """All feedback on the episode in the order it came; empty for an unknown episode."""
        ...


class TaskStore(Protocol):
    """Durable tasks: the row is there before the caller learns the id."""

    async def create(
        self, task: Task, body_hash: str, lease: Lease | None = None, episode_id: EpisodeId | None = None
    ) -> TaskRecord:
        """Store a pending task, or find it again. A fresh one belongs to the holder of ``lease``, else it waits.

        With an ``episode_id`` it is no more pending: the holder starts its first attempt, as that episode.

        A task whose (tenant, idempotency key) or whose id is stored already under the same ``body_hash`` is not
        stored twice: the stored record is returned, recognisable by its task's id.

        Raises:
            IdempotencyConflict: key or id is taken by a task with another body.
        """
        ...

    async def known(self, task: Task, body_hash: str) -> TaskRecord | None:
        """What ``create`` would find instead of storing the task, or None; raises as ``create``."""
        ...

    async def get(self, task_id: TaskId) -> TaskRecord:
        """The task and where it stands.

        Raises:
            TaskNotFound: none is stored under this id.
        """
        ...

    async def mark_running(
        self, task_id: TaskId, owner: str, episode_id: EpisodeId, at: datetime, fence: Fence | None = None
    ) -> TaskRecord:
        """``owner`` starts an attempt as ``episode_id``.

        A task that has ended, or whose ``fence`` has fallen, stays as it is; the record tells.

        One that needs an approval goes on needing it: its attempt may have come so far already.

        Raises:
            TaskNotFound: none is stored under this id.
        """
        ...

    async def renew(self, lease: Lease, tasks: Collection[TaskId]) -> int:
        """Prolong those of ``tasks`` that are unfinished and held by the lease's owner; how many that are.

        An owner names what it runs: a row can be its own without its knowledge, when the answer to a write was lost.
        """
        ...

    async def claim(self, lease: Lease, now: datetime, limit: int = 100) -> tuple[TaskRecord, ...]:
        """Take over unfinished tasks that are nobody's: without a lease, or whose lease has run out.

        No task is given to two claimers. Tenants come in turn by max-min fairness: each pick is of the tenant of which
        the fewest tasks are held (with those picked before it), all tenants weighing the same. Of a tenant's tasks, and
        of tenants with equally many, the one with the earliest ``Task.turn_at``. Claimers do not see each other.
        """
        ...

    async def waiting(self, now: datetime) -> int:
        """How many tasks ``claim`` would find at this moment."""
        ...

    async def release(self, owner: str) -> int:
        """Hand over all that ``owner`` holds, to be claimed at once and not counted as an attempt; how many tasks."""
        ...

    async def retry(self, task_id: TaskId, at: datetime) -> TaskRecord:
        """Have a dead letter wait again, as if nobody had tried it. Any other task stays; the record tells.

        Raises:
            TaskNotFound: none is stored under this id.
        """
        ...

    async def finish(
        self,
        task_id: TaskId,
        *,
        status: Status,
        reason: str,
        at: datetime,
        answer: str | None = None,
        result: str | None = None,
        fence: Fence | None = None,
        closing: Closing | None = None,
    ) -> TaskRecord:
        """End the task with a ``status`` that is an end, and store ``closing`` with it: all of it or nothing.

        The first end stays: later ones, and those behind a ``fence`` that has fallen, change nothing.

        Raises:
            TaskNotFound: none is stored under this id.
            StoreError: ``status`` is not an end.
        """
        ...

    async def request_cancel(self, task_id: TaskId, reason: str, at: datetime) -> TaskRecord:
        """Ask for the end of a task: nobody's ends as cancelled with ``reason``, somebody's is flagged for its owner.

        It is nobody's without a lease, or when its lease has run out. An ended task stays as it is; the record tells.

        Raises:
            TaskNotFound: none is stored under this id.
        """
        ...

    async def cancel_requests(self, owner: str) -> tuple[TaskId, ...]:
        """The unfinished tasks of ``owner`` that somebody wants to be cancelled."""
        ...

    async def list(self, narrow: TaskFilter) -> TaskPage:
        """The tasks that ``narrow`` leaves, the last created first (then by id, downwards), with stable paging.

        Raises:
            InvalidQuery: the cursor is not one of ours, or the limit is below one.
        """
        ...

    async def unfinished(self, older_than: datetime, limit: int = 1000) -> tuple[TaskRecord, ...]:
        """Pending and running tasks whose last change lies before ``older_than``, the stalest first."""
        ...


class ApprovalStore(Protocol):
    """What unfinished tasks wait for somebody to decide, and the decisions, in the rows of the tasks.

    A task waits for one decision at a time. Its owner asks, and hears the decision wherever it was given; what an owner
    that does not hold the task any more says changes nothing. Every method may raise TaskNotFound.
    """

    async def ask(self, task_id: TaskId, owner: str, question: Question, at: datetime) -> TaskRecord:
        """The task needs an approval from now on. A decision that was given at the same place already is kept."""
        ...

    async def decide(self, task_id: TaskId, decision: Decision, at: datetime) -> TaskRecord:
        """Keep what somebody decided, until the owner has heard of it; the same decision again changes nothing.

        Raises:
            ApprovalNotAsked: nothing is asked, something is asked at another place, or the opposite was decided.
        """
        ...

    async def decided(self, owner: str) -> tuple[TaskRecord, ...]:
        """The tasks of ``owner`` that wait, and about which somebody has decided."""
        ...

    async def close(self, task_id: TaskId, owner: str, at: datetime) -> TaskRecord:
        """The task runs on: the question and its decision are forgotten."""
        ...

    async def let_go(self, task_id: TaskId, owner: str, at: datetime) -> TaskRecord:
        """The owner goes away while the task waits: anybody may claim it, and this attempt does not count."""
        ...


class TrailStore(Protocol):
    """Checkpoints of the coordinator's trails, one per name."""

    async def save(self, name: str, version: int, document: str) -> None:
        """Keep the checkpoint unless a newer version is stored: a replaced coordinator cannot undo its heir."""
        ...

    async def load(self, name: str) -> tuple[int, str] | None:
        """The checkpoint as (version, document), or None."""
        ...


class BudgetStore(Protocol):
    """Budgets that several processes spend together: accounts, and the slices that holders have leased of them.

    A slice counts against its account from when it is drawn. ``taken = spent + written_off + leased <= limit`` after
    every call, unless a limit was lowered or an agent used more than its worst case. Leases go by the database's time.
    """

    async def begin(self, holder: str, lease_s: float) -> None:
        """Let ``holder`` lease slices; its lease runs for ``lease_s`` seconds. An id is never used twice."""
        ...

    async def draw(self, holder: str, draw: Draw) -> Spend:
        """Lease a slice to ``holder``, smaller when less is left; returns it.

        Raises:
            BudgetRefused: less than ``draw.need`` is left; nothing was leased.
            LeaseLost: the holder's slices have been reclaimed.
        """
        ...

    async def enrol(self, holder: str, episode_id: EpisodeId, accounts: Sequence[str]) -> None:
        """Keep in mind, before its first call, that the episode draws on the holder's slices of these accounts.

        Raises:
            LeaseLost: as ``draw``.
        """
        ...

    async def renew(
        self, holder: str, lease_s: float, holdings: Sequence[Holding], settled: Sequence[EpisodeId]
    ) -> None:
        """Prolong the lease, book what was settled, and take back what ``holdings`` do not claim any more.

        ``settled`` are the episodes whose charges the holdings' ``settled`` now contain. Doing it twice changes
        nothing.

        Raises:
            LeaseLost: as ``draw``.
        """
        ...

    async def leave(self, holder: str, holdings: Sequence[Holding]) -> None:
        """Book what was settled and give everything else back. A holder that is gone already is left alone."""
        ...

    async def lapsed(self) -> tuple[Lapsed, ...]:
        """The holders whose lease has run out."""
        ...

    async def reclaim(self, holder: str, proofs: Sequence[Proof]) -> bool:
        """Book what is proven, write off what is in doubt, at most what was held, and give the rest back.

        False: somebody else did, or the holder has renewed; nothing was changed.
        """
        ...

    async def standing(self, account: str) -> Standing:
        """Where the account stands; all zero for one that was never drawn on."""
        ...


class Retention(Protocol):
    """Forgetting what is old."""

    async def purge(self, before: datetime) -> int:
        """Delete what came to rest before ``before``: ended tasks, episodes with their feedback, and events.

        What belongs to a task that has not ended stays, however old. A purged task's idempotency key is free again.

        Returns:
            How many tasks, episodes and events were deleted together.
        """
        ...


class Store(Retention, Protocol):
    """Everything that is kept, behind one door."""

    @property
    def tasks(self) -> TaskStore:
        """Durable tasks."""
        ...

    @property
    def approvals(self) -> ApprovalStore:
        """What tasks wait for."""
        ...

    @property
    def episodes(self) -> EpisodeStore:
        """Summaries and feedback."""
        ...

    @property
    def journal(self) -> Journal:
        """Events."""
        ...

    @property
    def budgets(self) -> BudgetStore:
        """Accounts that processes share."""
        ...

    @property
    def trails(self) -> TrailStore:
        """Trail checkpoints."""
        ...

    async def recorded(self, after: EpisodeId = "", limit: int = 1000) -> tuple[EpisodeId, ...]:
        """Ids above ``after`` of episodes that have a summary or events, in ascending order."""
        ...

    async def aclose(self) -> None:
        """Commit everything that waits, then give back threads and connections. Closing twice is harmless."""
        ...
