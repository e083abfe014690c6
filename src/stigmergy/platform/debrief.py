"""What happens with finished episodes beside the serving path: judged, stored in batches, learnt from."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from stigmergy.agents.evaluators import Evaluator
from stigmergy.domain import Episode, EpisodeId
from stigmergy.errors import SequenceConflict
from stigmergy.platform.backlog import Backlog, stored
from stigmergy.platform.clock import Clock
from stigmergy.platform.engine import Ran, Recorded
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.episode.events import Event, QualityGiven
from stigmergy.platform.learning.outcomes import outcome_of_ended
from stigmergy.platform.ports import Store
from stigmergy.platform.records import Feedback, StoredEvent
from stigmergy.platform.task_journal import stored_event
from stigmergy.routers.base import QueryFeatures, Router
from stigmergy.routers.retrieval.shortlist import Shortlist

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judging:
    """Which episodes are judged: a random ``fraction``, logged so that estimates can be weighted by its inverse."""

    fraction: float = 1.0


class Debrief:
    """Takes finished runs at once and works them off in the background.

    A store that is away loses nothing: the batch is kept and tried again. Runs that are not recorded are logged and
    counted in ``dropped``: those that the store refuses for good, and, so that a gateway does not die of a full
    memory, those that come while more than 20,000 wait. An evaluator or a router that raises stops nothing.
    """

    def __init__(
        self,
        *,
        store: Store,
        evaluators: Mapping[str, Evaluator],
        routers: Mapping[str, Router],
        clock: Clock,
        rng: random.Random,
        judging: Judging = Judging(),
        retry_s: float = 0.5,
        shortlists: Mapping[str, Shortlist] = {},
    ) -> None:
        self._store = store
        self._evaluators = evaluators
        self._routers = routers
        self._shortlists = shortlists
        self._clock = clock
        self._rng = rng
        self._judging = judging
        self._retry_s = retry_s
        self._backlog = Backlog("debrief", self._work)
        self.dropped = 0

    def start(self) -> None:
        """Begin to work; call inside the event loop."""
        self._backlog.start()

    def take(self, ran: Ran) -> None:
        """Queue a finished run. Never waits."""
        if not self._backlog.take(ran):
            self._drop(ran, "the debrief is full")

    def _drop(self, ran: Ran, reason: object) -> None:
        self.dropped += 1
        logger.error("the record of episode %s is lost (%d so far): %s", ran.episode.id, self.dropped, reason)

    async def drain(self) -> None:
        """Wait until everything taken so far is stored and learnt."""
        await self._backlog.drain()

    async def aclose(self) -> None:
        """Work off what waits, then stop."""
        await self._backlog.aclose()

    async def feedback(self, feedback: Feedback) -> Episode:
        """Store a judgement from outside, and let the episode's router learn from it if it is the first.

        A later one replaces the quality that is shown; the same walk is not deposited twice.

        Raises:
            EpisodeNotFound: no such episode is stored (yet).
        """
        events = await self._add(feedback)
        episode = await self._store.episodes.get(feedback.episode_id)
        if sum(isinstance(event, QualityGiven) for event in events) == 1:
            self._learn(episode, events)
        return episode

    async def _add(self, feedback: Feedback) -> list[Event]:
        """Store a judgement with the event that tells of it; returns all events of the episode."""
        given = QualityGiven(quality=feedback.quality, source=feedback.source)
        return await self._append(
            feedback.episode_id, given, lambda event: self._store.episodes.add_feedback(feedback, event)
        )

    async def _append(
        self, episode_id: EpisodeId, given: QualityGiven, add: Callable[[StoredEvent], Awaitable[None]]
    ) -> list[Event]:
        while True:
            stored = await self._store.journal.read(episode_id)
            last = stored[-1] if stored else None
            try:
                await add(stored_event(episode_id, Recorded(given, self._clock.now()), last))
            except SequenceConflict:
                continue  # somebody else's judgement came first: this one goes after it
            return [*(decode(each.payload) for each in stored), given]

    async def _work(self, batch: Sequence[Ran]) -> None:
        judged = [(ran, await self._judge(ran)) for ran in batch]
        given = [(ran, quality) for ran, quality in judged if quality is not None]
        await stored(given, self._keep, lambda each, error: self._drop(each[0], error), self._retry_s)
        for ran, quality in judged:
            events = [recorded.event for recorded in ran.events]
            self._learn(ran.episode, events if quality is None else [*events, quality], ran.features)

    async def _judge(self, ran: Ran) -> QualityGiven | None:
        evaluator = self._evaluators.get(ran.episode.graph)
        if evaluator is None or self._rng.random() >= self._judging.fraction:
            return None
        try:
            quality = await evaluator.evaluate(ran.task, ran.episode.answer)
        except Exception:  # an evaluator is a plug-in, as a router is
            logger.exception("episode %s could not be judged", ran.episode.id)
            return None
        if quality is None:
            return None
        return QualityGiven(quality=quality, source="evaluator", probability=self._judging.fraction)

    async def _keep(self, judged: tuple[Ran, QualityGiven]) -> None:
        ran, given = judged
        episode_id = ran.episode.id

        async def add(event: StoredEvent) -> None:
            await self._store.episodes.add_judgement(episode_id, given.quality, event)

        await self._append(episode_id, given, add)

    def _learn(self, episode: Episode, events: Sequence[Event], features: QueryFeatures | None = None) -> None:
        found = (self._routers.get(episode.router), self._shortlists.get(episode.graph))
        learners = [learner for learner in found if learner is not None]
        if not learners:
            return
        outcome = outcome_of_ended(episode, events, features)
        for learner in learners:
            try:
                learner.learn(outcome)
            except Exception:  # a router is a plug-in: what it cannot learn from must not end the learning
                logger.exception("router %s could not learn from episode %s", episode.router, episode.id)
