"""The events of the episodes that run in this process, for those who watch."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from stigmergy.domain import EpisodeId, TaskId
from stigmergy.platform.episode.events import Event, Finished

_MOST_EVENTS = 1000
_MOST_ENDED = 128


@dataclass(slots=True)
class LiveEpisode:
    """One episode's events so far. Only the latest are kept: who has fallen further behind reads the journal.

    Readers have no queue of their own, so that a slow one costs nothing.
    """

    episode_id: EpisodeId
    most: int = _MOST_EVENTS
    ended: bool = False
    closed: bool = False
    _latest: deque[Event] = field(default_factory=deque)
    _first: int = 0
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def last(self) -> int:
        """The number of the latest event; -1 when there is none."""
        return self._first + len(self._latest) - 1

    def add(self, event: Event) -> None:
        """Append the next event and wake the readers."""
        self._latest.append(event)
        if len(self._latest) > self.most:
            self._latest.popleft()
            self._first += 1
        self.ended = isinstance(event, Finished) and not event.branch
        self._wake()

    def close(self) -> None:
        """Let the readers go: no event follows here."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        # Whoever waits holds the old one.
        self._more.set()
        self._more = asyncio.Event()

    async def follow(self, after: int) -> AsyncIterator[tuple[int, Event]]:
        """The events numbered above ``after`` as they come, with their numbers, until the last one.

        Stops early where the next event is not kept any more; it will be in the journal.
        """
        while True:
            more = self._more
            for seq, event in list(self._since(after)):
                yield seq, event
                after = seq
            behind = after + 1 < self._first
            if behind or self.closed or (self.ended and after >= self.last):
                return
            if more is self._more:
                await more.wait()

    def _since(self, after: int) -> Iterator[tuple[int, Event]]:
        if after + 1 >= self._first:
            for place, event in enumerate(self._latest):
                if self._first + place > after:
                    yield self._first + place, event


class LiveEvents:
    """Every running episode of this process and the last few that ended, found by their tasks."""

    def __init__(self, most_ended: int = _MOST_ENDED, most_events: int = _MOST_EVENTS) -> None:
        self._most_ended = most_ended
        self._most_events = most_events
        self._running: dict[EpisodeId, tuple[TaskId, LiveEpisode]] = {}
        self._ended: OrderedDict[EpisodeId, TaskId] = OrderedDict()
        self._of_task: dict[TaskId, LiveEpisode] = {}

    def begin(self, task_id: TaskId, episode_id: EpisodeId, first: int = 0) -> None:
        """Follow an episode that runs here now; the next of its events is number ``first``."""
        episode = LiveEpisode(episode_id, self._most_events, _first=first)
        self._running[episode_id] = task_id, episode
        self._of_task[task_id] = episode

    def abandon(self, episode_id: EpisodeId) -> None:
        """Another process goes on with the episode; whoever follows it here reads on in the journal."""
        task_id, episode = self._running.pop(episode_id)
        episode.close()
        if self._of_task[task_id] is episode:
            del self._of_task[task_id]

    def publish(self, episode_id: EpisodeId, event: Event) -> None:
        """Take the next event of an episode, once it is in the journal."""
        if episode_id not in self._running:
            return
        task_id, episode = self._running[episode_id]
        episode.add(event)
        if episode.ended:
            del self._running[episode_id]
            self._ended[episode_id] = task_id
            self._forget_the_oldest()

    def find(self, task_id: TaskId) -> LiveEpisode | None:
        """The latest episode of the task in this process, unless it ended long ago."""
        return self._of_task.get(task_id)

    def _forget_the_oldest(self) -> None:
        while len(self._ended) > self._most_ended:
            episode_id, task_id = self._ended.popitem(last=False)
            # The task may run again by now, as another episode.
            if self._of_task[task_id].episode_id == episode_id:
                del self._of_task[task_id]
