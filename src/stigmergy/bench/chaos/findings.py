"""What the store and the notes say after a round: did everything end, did anything run twice, is every cent told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from stigmergy.bench.chaos.work import Execution
from stigmergy.domain import ZERO
from stigmergy.errors import EpisodeNotFound
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.episode.events import CallFailed, CallSucceeded
from stigmergy.platform.learning.replay import replay
from stigmergy.platform.learning.verify import Verdict, verify
from stigmergy.platform.ports import Store
from stigmergy.platform.records import TaskRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Of the accepted tasks of a round.

    Attributes:
        accepted: how many there are; ``statuses`` says how they stand.
        runs: how often processes began to run them; ``executed`` how often agents were called, in ``processes``.
        committed: steps with a result in the journal.
        repeated: steps that were called again after their result had been committed, or committed twice.
        wrong_charges: tasks whose charge is not the sum over their attempts, or whose journal tells another summary.
        changed: episodes whose chain of hashes is broken.
    """

    accepted: int
    statuses: Mapping[str, int]
    runs: int
    executed: int
    processes: int
    committed: int
    repeated: tuple[str, ...]
    wrong_charges: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Whether every promise held."""
        broken = self.repeated or self.wrong_charges or self.changed
        return not broken and self.statuses == {"completed": self.accepted}


async def look(store: Store, ids: Sequence[str], executed: Sequence[Execution]) -> Findings:
    """Hold every accepted task against its journal and against what was noted."""
    records = [await store.tasks.get(task_id) for task_id in ids]
    commits = [commit for record in records for commit in await _commits(store, record)]
    return Findings(
        accepted=len(records),
        statuses=dict(Counter(record.status.value for record in records)),
        runs=sum(record.attempts for record in records),
        executed=len(executed),
        processes=len({each.pid for each in executed}),
        committed=len(commits),
        repeated=tuple(_repeated(commits, executed)),
        wrong_charges=tuple([record.task.id for record in records if not await _is_charged(store, record)]),
        changed=tuple([record.task.id for record in records if not await _is_intact(store, record)]),
    )


async def _commits(store: Store, record: TaskRecord) -> list[tuple[str, datetime]]:
    """Step keys and times of results."""
    events = await store.journal.read(record.episode_id or "")
    found = [(decode(event.payload), event.at) for event in events]
    return [(event.step, at) for event, at in found if isinstance(event, CallSucceeded)]


def _repeated(commits: Sequence[tuple[str, datetime]], executed: Sequence[Execution]) -> Iterator[str]:
    at = dict(commits)
    yield from (step for step, count in Counter(step for step, _ in commits).items() if count > 1)
    yield from (each.step for each in executed if each.step in at and each.at > at[each.step].timestamp())


async def _is_charged(store: Store, record: TaskRecord) -> bool:
    """Whether the summary charges what the attempts were charged, and replaying the journal comes to the same."""
    try:
        told = await replay(store, record.episode_id or "")
    except EpisodeNotFound:
        return False
    events = [decode(event.payload) for event in await store.journal.read(told.stored.id)]
    attempts = sum((event.charged.usd for event in events if isinstance(event, CallSucceeded | CallFailed)), ZERO)
    return not told.differences and attempts == told.stored.charged_usd


async def _is_intact(store: Store, record: TaskRecord) -> bool:
    try:
        return (await verify(store, record.episode_id or "")).verdict is Verdict.INTACT
    except EpisodeNotFound:
        return False
