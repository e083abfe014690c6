from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from stigmergy.agents.silence import Silence
from stigmergy.domain import NOTHING, Budget, EpisodeId, Spend, Status
from stigmergy.errors import StoreUnavailable, UnknownRouter
from stigmergy.platform.budgets.reclaiming import Reclaiming
from stigmergy.platform.direct_runs import DirectRuns, Watched
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode.names import is_direct, new_direct_id, new_episode_id
from stigmergy.platform.learning.verify import Verdict, verify
from stigmergy.platform.records import Closing, Draw
from stigmergy.platform.store.memory import MemoryStore

Build = Callable[..., Any]
ACCOUNT = "tenant acme"
LIMIT = Budget(max_calls=100)


class Direct:
    """Direct runs over two scripted agents, and who takes what they leave."""

    def __init__(self, made: Any) -> None:
        self.made, self.store = made, MemoryStore()
        self.delivered: list[Ran] = []
        self.runs = DirectRuns(made.engine, self.store, self.delivered.append)
        self.runs.start()


@pytest.fixture(params=[("fine", "fine")])
async def direct(request: pytest.FixtureRequest, house: Build, staged: Build, profile: Build) -> AsyncIterator[Direct]:
    """The second agent says one line after the other, of those that a test may give."""
    made = house(staged([[profile("a", 1)], [profile("b", 2)]]), {"b": request.param})
    direct = Direct(made)
    yield direct
    await direct.runs.aclose()


async def test_a_run_is_stored_whole_after_it_has_ended_and_then_handed_on(direct: Direct) -> None:
    ran = await direct.runs.run(direct.made.task())
    assert (ran.episode.answer, direct.delivered) == ("fine", [])
    await direct.runs.drain()
    assert direct.delivered == [ran]
    stored = await direct.store.episodes.get(ran.episode.id)
    assert len(await direct.store.journal.read(ran.episode.id)) == len(ran.events)
    assert stored.head
    assert (await verify(direct.store, ran.episode.id)).verdict is Verdict.INTACT


async def test_who_watches_is_told_what_happens_as_it_happens(direct: Direct) -> None:
    told: list[str] = []
    await direct.runs.run(direct.made.task(), recorder=Watched(lambda each: told.append(each.event.kind)))
    assert told == ["accepted", "hop_chosen", "call_started", "call_succeeded", "hop_chosen", "call_started"]


@pytest.mark.parametrize("direct", [("fine", Silence())], indirect=True)
async def test_a_caller_that_goes_away_leaves_a_cancelled_episode_that_is_charged(direct: Direct) -> None:
    await direct.runs.run(direct.made.task())
    running = asyncio.create_task(direct.runs.run(direct.made.task()))
    while direct.made.calls("b") < 2:  # noqa: ASYNC110 - the agent tells nobody when it is called
        await asyncio.sleep(0)
    assert direct.runs.in_flight == 1
    running.cancel("gone")
    with pytest.raises(asyncio.CancelledError):
        await running
    await direct.runs.drain()
    episode = direct.delivered[-1].episode
    assert (episode.status, episode.reason) == (Status.CANCELLED, "gone")
    assert (episode.charged_usd, direct.runs.in_flight) == (Decimal(3), 0)


async def test_what_cannot_be_run_is_refused_and_leaves_nothing(direct: Direct) -> None:
    with pytest.raises(UnknownRouter):
        await direct.runs.run(direct.made.task(router="nobody"))
    await direct.runs.drain()
    assert (direct.runs.in_flight, direct.delivered) == (0, [])


async def test_a_store_that_is_away_delays_the_record_and_not_the_answer(
    direct: Direct, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_many, away = direct.store.episodes.add_many, [StoreUnavailable("sqlite:///x", "locked")] * 2

    async def moody(closings: Sequence[Closing]) -> None:
        if away:
            raise away.pop()
        await add_many(closings)

    monkeypatch.setattr(direct.store.episodes, "add_many", moody)
    ran = await direct.runs.run(direct.made.task())
    await direct.runs.drain()
    assert (direct.delivered, direct.runs.dropped) == ([ran], 0)


async def test_what_the_store_refuses_for_good_is_counted_and_not_learnt_from(direct: Direct) -> None:
    ran = await direct.runs.run(direct.made.task())
    await direct.runs.drain()
    direct.runs._take(ran)
    other = await direct.runs.run(direct.made.task())
    await direct.runs.drain()
    assert (direct.runs.dropped, direct.delivered) == (1, [ran, other])


async def lapsed(store: MemoryStore, *episodes: EpisodeId) -> Spend:
    """What is written off of a holder that died with 40 calls leased, on which these episodes drew."""
    await store.budgets.begin("dead", -1)
    await store.budgets.draw("dead", Draw(ACCOUNT, LIMIT, Spend(calls=40), Spend(calls=40)))
    for episode_id in episodes:
        await store.budgets.enrol("dead", episode_id, [ACCOUNT])
    await Reclaiming(store.budgets, store.journal).reclaim()
    standing = await store.budgets.standing(ACCOUNT)
    assert standing.leased == NOTHING
    return standing.written_off


async def test_what_a_crash_takes_with_a_direct_run_is_written_off_whole() -> None:
    assert await lapsed(MemoryStore(), new_direct_id()) == Spend(calls=40)


async def test_a_journalled_episode_without_calls_costs_a_crash_nothing() -> None:
    assert await lapsed(MemoryStore(), new_episode_id()) == NOTHING


async def test_a_direct_run_that_was_stored_proves_what_it_used(direct: Direct) -> None:
    ran = await direct.runs.run(direct.made.task())
    await direct.runs.drain()
    assert is_direct(ran.episode.id)
    assert await lapsed(direct.store, ran.episode.id) == NOTHING
