"""Requests are put when they are due, whatever became of the ones before."""

from __future__ import annotations

import asyncio

from stigmergy.agents.models.base import NO_OPTIONS, Completion, Messages, TokenCount
from stigmergy.bench.affinity.load import put
from stigmergy.bench.affinity.probe import Limit
from stigmergy.bench.affinity.workload import Arrival
from stigmergy.domain import Message, ModelOptions, Price
from stigmergy.errors import AgentOverloaded


class Waiting:
    """A model that answers when nobody asks any more, or, with a reason, not at all."""

    name = "waiting"
    price: Price | None = None

    def __init__(self, expected: int, refusing: int = 0) -> None:
        self._expected, self._refusing = expected, refusing
        self._all_asked = asyncio.Event()
        self.asked = 0

    async def complete(
        self,
        messages: Messages,
        max_output_tokens: int,
        temperature: float | None,
        timeout_s: float,
        seed: int | None = None,
        options: ModelOptions = NO_OPTIONS,
    ) -> Completion:
        del max_output_tokens, temperature, timeout_s, seed, options
        self.asked += 1
        if self.asked <= self._refusing:
            raise AgentOverloaded(self.name, "its queue is full")
        if self.asked == self._expected:
            self._all_asked.set()
        await self._all_asked.wait()
        return Completion("replica", TokenCount(len(messages), 1))

    async def aclose(self) -> None:
        pass


def due(count: int) -> list[Arrival]:
    return [Arrival(place / 1000, (Message("user", str(place)),)) for place in range(count)]


async def test_nobody_waits_for_the_answers_of_others_and_the_first_ones_do_not_count() -> None:
    asked = await put(Waiting(20), due(20), Limit(slo_s=10, seconds=1, settling_s=0.005))

    assert sorted(each.arrival.at_s for each in asked) == [place / 1000 for place in range(5, 20)]
    assert all(each.completion is not None for each in asked)


async def test_once_too_many_have_failed_no_more_are_asked() -> None:
    model = Waiting(expected=0, refusing=300)

    asked = await put(model, due(300), Limit(slo_s=10, seconds=1, settling_s=0))

    assert model.asked < 300
    assert all(each.completion is None for each in asked)
