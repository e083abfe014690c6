from __future__ import annotations

import asyncio

from stigmergy.domain import Status
from stigmergy.platform.episode import events as ev
from stigmergy.platform.live_events import LiveEpisode, LiveEvents

FINISHED = ev.Finished(status=Status.COMPLETED, reason="done")


def accepted(task_id: str) -> ev.Accepted:
    versions = ev.Versions(graph="1", policy="1", config="1", features="1")
    return ev.Accepted(
        task_id=task_id, graph="g", router="r", versions=versions, mixture={}, complexity=0, max_attempts=1
    )


def late(number: int) -> ev.DeadlinePassed:
    return ev.DeadlinePassed(position=f"n{number}")


async def read(episode: LiveEpisode, after: int = -1) -> list[int]:
    return [seq async for seq, _ in episode.follow(after)]


async def test_every_reader_gets_what_was_and_what_comes_in_order() -> None:
    episode = LiveEpisode("e")
    episode.add(late(0))
    readers = [asyncio.create_task(read(episode, after)) for after in (-1, 0, 1, 7)]
    for event in (late(1), late(2), FINISHED):
        await asyncio.sleep(0)
        episode.add(event)
    assert await asyncio.gather(*readers) == [[0, 1, 2, 3], [1, 2, 3], [2, 3], []]
    assert await read(episode) == [0, 1, 2, 3]


async def test_a_reader_that_fell_behind_what_is_kept_is_sent_to_the_journal() -> None:
    episode = LiveEpisode("e", most=3)
    slow = episode.follow(-1)
    episode.add(late(0))
    assert (await anext(slow))[0] == 0
    for number in range(1, 6):
        episode.add(late(number))
    assert [seq async for seq, _ in slow] == []
    assert (episode.last, episode.ended) == (5, False)


async def test_only_the_latest_ended_episodes_are_kept_and_a_task_that_runs_again_is_its_latest() -> None:
    live = LiveEvents(most_ended=2)
    for number in range(4):
        live.begin(f"t{number}", f"e{number}")
    live.begin("t0", "again")
    for episode in ("e0", "e1", "e2", "e3"):
        live.publish(episode, FINISHED)
    found = [live.find(f"t{number}") for number in range(4)]
    assert [each and each.episode_id for each in found] == ["again", None, "e2", "e3"]
    live.publish("never accepted here", FINISHED)
