"""What every store refuses, and decides, in the same way."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from stigmergy.domain import EpisodeId, Status, Task
from stigmergy.errors import ApprovalNotAsked, StoreError
from stigmergy.platform.chain import chain_hash
from stigmergy.platform.records import Decision, Lease, Question, StoredEvent, TaskRecord


def check_episode(episode_id: EpisodeId, events: Sequence[StoredEvent]) -> None:
    """Refuse events of another episode.

    Raises:
        StoreError: an event names another episode than ``episode_id``.
    """
    for event in events:
        if event.episode_id != episode_id:
            raise StoreError(
                f"event {event.seq} is of episode {event.episode_id!r}: append it there, not to {episode_id!r}"
            )


def first_taken(stored: Collection[int], events: Sequence[StoredEvent]) -> int:
    """The first number of ``events`` that is stored already or comes twice; the first of all when none does."""
    seen = set(stored)
    for event in events:
        if event.seq in seen:
            return event.seq
        seen.add(event.seq)
    return events[0].seq


def moved_head(given: StoredEvent) -> str:
    """The head after ``given`` was appended; empty as before when it is not chained."""
    return chain_hash(given) if given.previous else ""


def check_decision(record: TaskRecord, decision: Decision) -> None:
    """Refuse a decision that the task does not wait for.

    Raises:
        ApprovalNotAsked: nothing is asked, another thing is, or the opposite was decided.
    """
    asked, given = record.question, record.decision
    if asked is None or record.status.ended:
        raise ApprovalNotAsked(record.task.id, f"it is {record.status.value}")
    if asked.place != decision.place:
        raise ApprovalNotAsked(record.task.id, f"it asks about {asked.place}, not about {decision.place}")
    if given is not None and given.approved is not decision.approved:
        done = "approved" if given.approved else "rejected"
        raise ApprovalNotAsked(record.task.id, f"{given.by} has {done} it")


def still_valid(given: Decision | None, question: Question) -> Decision | None:
    """The decision, if it is about this question: one that came while nobody held the task is heard by its heir."""
    return given if given is not None and given.place == question.place else None


def check_end(status: Status) -> None:
    """Refuse to end a task with a status that is no end.

    Raises:
        StoreError: ``status`` is no end.
    """
    if not status.ended:
        raise StoreError(f"a task cannot finish as {status.value!r}: give one of the statuses that are ends")


def new_record(task: Task, lease: Lease | None, episode_id: EpisodeId | None) -> TaskRecord:
    """A task that has just come in; with an episode it runs at once."""
    return TaskRecord(
        task=task,
        status=Status.PENDING if episode_id is None else Status.RUNNING,
        episode_id=episode_id,
        attempts=0 if episode_id is None else 1,
        owner=None if lease is None else lease.owner,
        lease_expires_at=None if lease is None else lease.until,
        updated_at=task.created_at,
    )
