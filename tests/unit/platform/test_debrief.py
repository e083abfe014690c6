from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from stigmergy.domain import EpisodeId, FailureKind, Task
from stigmergy.errors import EpisodeNotFound, StoreUnavailable
from stigmergy.platform.debrief import Debrief, Judging
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.episode.events import QualityGiven
from stigmergy.platform.records import Feedback, Fence, StoredEvent
from stigmergy.platform.store.memory import MemoryJournal, MemoryStore
from stigmergy.routers.base import Outcome
from stigmergy.routers.baselines import RandomRouter
from stigmergy.testing import EPOCH, FakeClock

Build = Callable[..., Any]


class Pupil(RandomRouter):
    """A router that remembers what it was taught, and fails at what it is told to."""

    def __init__(self, fails_at: str = "") -> None:
        self.taught: list[Outcome] = []
        self._fails_at = fails_at

    def learn(self, outcome: Outcome) -> None:
        if outcome.episode_id == self._fails_at:
            raise ZeroDivisionError("a defect of a router")
        self.taught.append(outcome)


class Strict:
    """An evaluator that gives every answer the same mark, and fails at the answers it is told to."""

    def __init__(self, mark: float = 0.75, fails_at: str = "") -> None:
        self._mark, self._fails_at = mark, fails_at

    async def evaluate(self, task: Task, answer: str | None) -> float | None:
        if answer == self._fails_at:
            raise ZeroDivisionError("a defect of an evaluator")
        return self._mark


class MoodyJournal(MemoryJournal):
    """A journal that is away for its next calls."""

    def __init__(self) -> None:
        super().__init__()
        self.away = 0

    async def append(self, episode_id: EpisodeId, events: Sequence[StoredEvent], fence: Fence | None = None) -> None:
        if self.away > 0:
            self.away -= 1
            raise StoreUnavailable("memory://", "it is away")
        await super().append(episode_id, events, fence)


@pytest.fixture
def pupil() -> Pupil:
    return Pupil()


@pytest.fixture
async def made() -> AsyncIterator[Build]:
    """``made(pupil, journal=..., evaluator=..., fraction=...)``: a debrief at work and its store."""
    open_ones: list[Debrief] = []

    def build(
        router: Pupil, journal: MemoryJournal | None = None, evaluator: Strict | None = None, fraction: float = 1.0
    ) -> tuple[Debrief, MemoryStore]:
        store = MemoryStore(journal)
        debrief = Debrief(
            store=store,
            evaluators={} if evaluator is None else {"linear": evaluator},
            routers={"router": router},
            clock=FakeClock(),
            rng=random.Random(1),
            judging=Judging(fraction),
            retry_s=0.001,
        )
        debrief.start()
        open_ones.append(debrief)
        return debrief, store

    yield build
    for debrief in open_ones:
        await debrief.aclose()


@pytest.fixture
async def ran(house: Build, staged: Build, profile: Build) -> Ran:
    finished: Ran = await house(staged([[profile("a")]])).run()
    return finished


def named(ran: Ran, episode_id: str) -> Ran:
    return replace(ran, episode=replace(ran.episode, id=episode_id))


async def test_a_run_is_judged_and_learnt_from(made: Build, stored: Build, pupil: Pupil, ran: Ran) -> None:
    debrief, store = made(pupil, evaluator=Strict(0.75))
    await stored(store, ran)
    debrief.take(ran)
    await debrief.drain()
    assert (await store.episodes.get("ep")).quality == 0.75
    events = await store.journal.read("ep")
    assert [event.seq for event in events] == list(range(len(ran.events) + 1))
    assert [decode(event.payload) for event in events[:-1]] == [recorded.event for recorded in ran.events]
    assert decode(events[-1].payload) == QualityGiven(quality=0.75, source="evaluator", probability=1.0)
    assert [(o.episode_id, o.quality, o.features) for o in pupil.taught] == [("ep", 0.75, ran.features)]


async def test_a_store_that_is_away_loses_nothing(made: Build, stored: Build, pupil: Pupil, ran: Ran) -> None:
    journal = MoodyJournal()
    debrief, store = made(pupil, journal, Strict(0.75))
    for number in range(3):
        await stored(store, named(ran, str(number)))
    journal.away = 7
    for number in range(3):
        debrief.take(named(ran, str(number)))
    await debrief.drain()
    for number in range(3):
        assert (await store.episodes.get(str(number))).quality == 0.75
    assert sorted(outcome.episode_id for outcome in pupil.taught) == ["0", "1", "2"]
    assert debrief.dropped == 0


async def test_a_judgement_that_the_store_refuses_for_good_is_counted_and_stops_nothing(
    made: Build, stored: Build, pupil: Pupil, ran: Ran
) -> None:
    debrief, store = made(pupil, evaluator=Strict(0.75))
    await stored(store, named(ran, "good"))
    for name in ("unknown", "good"):
        debrief.take(named(ran, name))
    await debrief.drain()
    assert (await store.episodes.get("good")).quality == 0.75
    assert debrief.dropped == 1


async def test_a_router_or_an_evaluator_with_a_defect_stops_nothing(made: Build, stored: Build, ran: Ran) -> None:
    pupil = Pupil(fails_at="0")
    debrief, store = made(pupil, evaluator=Strict(fails_at="a"))
    for number in range(3):
        await stored(store, named(ran, str(number)))
        debrief.take(named(ran, str(number)))
    await debrief.drain()
    assert [outcome.episode_id for outcome in pupil.taught] == ["1", "2"]
    assert (await store.episodes.get("0")).quality is None


async def test_an_episode_without_a_single_step_is_worked_off_like_any_other(
    house: Build, staged: Build, profile: Build, made: Build, pupil: Pupil
) -> None:
    debrief, _ = made(pupil)
    debrief.take(await house(staged([[profile("a")]]), {"a": [FailureKind.REFUSED]}).run())
    await debrief.drain()
    assert [outcome.steps for outcome in pupil.taught] == [()]


async def test_about_the_configured_fraction_is_judged_and_its_probability_is_logged(
    made: Build, stored: Build, pupil: Pupil, ran: Ran
) -> None:
    debrief, store = made(pupil, evaluator=Strict(), fraction=0.3)
    for number in range(400):
        await stored(store, named(ran, str(number)))
        debrief.take(named(ran, str(number)))
    await debrief.drain()
    judged = [outcome for outcome in pupil.taught if outcome.quality is not None]
    assert len(judged) / 400 == pytest.approx(0.3, abs=0.07)
    assert {outcome.judged_probability for outcome in judged} == {0.3}


async def test_feedback_is_stored_and_teaches_the_router(made: Build, stored: Build, pupil: Pupil, ran: Ran) -> None:
    debrief, store = made(pupil)
    await stored(store, ran)
    debrief.take(ran)
    await debrief.drain()
    episode = await debrief.feedback(Feedback("ep", 0.25, "user", "wrong unit", EPOCH))
    assert (episode.quality, [o.quality for o in pupil.taught]) == (0.25, [None, 0.25])
    (kept,) = await store.episodes.feedback("ep")
    assert kept.comment == "wrong unit"
    last = (await store.journal.read("ep"))[-1]
    assert decode(last.payload) == QualityGiven(quality=0.25, source="user")


async def test_a_walk_is_learnt_from_once_however_often_it_is_judged(
    made: Build, stored: Build, pupil: Pupil, ran: Ran
) -> None:
    debrief, store = made(pupil)
    await stored(store, ran)
    debrief.take(ran)
    await debrief.drain()
    await debrief.feedback(Feedback("ep", 0.25, "user", None, EPOCH))
    episode = await debrief.feedback(Feedback("ep", 0.75, "user", "on second thoughts", EPOCH))
    assert (episode.quality, [o.quality for o in pupil.taught]) == (0.75, [None, 0.25])


async def test_feedback_that_comes_at_the_same_time_is_kept_side_by_side(
    made: Build, stored: Build, pupil: Pupil, ran: Ran
) -> None:
    debrief, store = made(pupil, Slow())
    await stored(store, ran)
    debrief.take(ran)
    await debrief.drain()
    await asyncio.gather(*(debrief.feedback(Feedback("ep", q, "user", None, EPOCH)) for q in (0.1, 0.2, 0.3)))
    given = [decode(event.payload) for event in (await store.journal.read("ep"))[len(ran.events) :]]
    assert sorted(event.quality for event in given if isinstance(event, QualityGiven)) == [0.1, 0.2, 0.3]


class Slow(MemoryJournal):
    """A journal between whose answers others come in."""

    async def read(self, episode_id: EpisodeId, after: int = -1) -> tuple[StoredEvent, ...]:
        found = await super().read(episode_id, after)
        await asyncio.sleep(0)
        return found


async def test_feedback_on_an_unknown_episode_is_refused(made: Build, pupil: Pupil) -> None:
    debrief, _ = made(pupil)
    with pytest.raises(EpisodeNotFound):
        await debrief.feedback(Feedback("nobody", 0.25, "user", None, EPOCH))


async def test_closing_works_off_what_waits(made: Build, stored: Build, pupil: Pupil, ran: Ran) -> None:
    journal = MoodyJournal()
    debrief, store = made(pupil, journal, Strict(0.75))
    await stored(store, ran)
    journal.away = 2
    debrief.take(ran)
    await debrief.aclose()
    assert (await store.episodes.get("ep")).quality == 0.75
