from __future__ import annotations

import random

import pytest

from stigmergy.bench.engine.rounds import Load, Timing, in_turns, ratio, timed
from stigmergy.bench.engine.system import System


class Counting:
    """A system that notes what it is asked for, and how much of it is open at once."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.texts: list[str] = []
        self.settled = 0
        self.system = System(name=name, task=self._task, settle=self._settle, settings={})
        self._log = log

    async def _task(self, text: str) -> None:
        self.texts.append(text)

    async def _settle(self) -> None:
        self.settled += 1
        self._log.append(self.system.name)


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.mark.parametrize("side_by_side", [1, 3, 64])
async def test_a_round_runs_each_of_its_tasks_once_and_waits_for_what_follows(
    log: list[str], side_by_side: int
) -> None:
    counting = Counting("one", log)
    timing = await timed(counting.system, Load(10, side_by_side))
    assert len(counting.texts) == len(set(counting.texts)) == 10
    assert counting.settled == 1
    assert timing.wall_ms > 0


async def test_every_system_has_one_turn_per_round_and_the_first_round_does_not_count(log: list[str]) -> None:
    systems = [Counting(name, log).system for name in "abc"]
    found = await in_turns(systems, Load(2), 4, random.Random(1))
    assert {name: len(rounds) for name, rounds in found.items()} == {"a": 4, "b": 4, "c": 4}
    turns = [log[at : at + 3] for at in range(0, len(log), 3)]
    assert len(turns) == 5
    assert all(sorted(turn) == ["a", "b", "c"] for turn in turns)
    assert len({tuple(turn) for turn in turns}) > 1


def test_a_ratio_is_taken_round_by_round_and_says_how_sure_it_is() -> None:
    slow = [Timing(2.0 * noise, 0.0) for noise in (1.0, 3.0, 0.5, 10.0)]
    fast = [Timing(1.0 * noise, 0.0) for noise in (1.0, 3.0, 0.5, 10.0)]
    found = ratio(fast, slow, random.Random(0))
    assert (found.low, found.median, found.high) == (0.5, 0.5, 0.5)
    uneven = ratio(fast, [slow[0], slow[0], *slow[2:]], random.Random(0))
    assert uneven.low <= uneven.median <= uneven.high
    assert uneven.high > 0.5
