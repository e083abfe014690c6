"""What is asked: agents with long system prompts, some far busier than others, in conversations that grow."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from stigmergy.domain import Message

WORD = "word "
"""One token, as the modelled engine counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Agent number k is asked in proportion to ``1 / k ** skew``; lengths are in tokens, drawn evenly between two ends.

    A request goes on with one of ``conversations`` of its agent; one that has had ``turns`` questions begins anew.
    """

    agents: int = 120
    skew: float = 1.0
    system: tuple[int, int] = (800, 1600)
    question: tuple[int, int] = (40, 120)
    conversations: int = 4
    turns: int = 3


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request, and when it comes, in seconds from the beginning."""

    at_s: float
    messages: tuple[Message, ...]


def arrivals(workload: Workload, rate: float, seconds: float, label: str, rng: random.Random) -> Iterator[Arrival]:
    """An open-loop Poisson stream of ``rate`` requests a second.

    For the same generator state another rate has the same requests at other times, in conversations that bear the
    ``label``, so that those of one stream are not known from another.
    """
    weights = list(accumulate(1 / rank**workload.skew for rank in range(1, workload.agents + 1)))
    agents = [_Agent(number, workload, label) for number in range(workload.agents)]
    at_s = rng.expovariate(rate)
    while at_s < seconds:
        (agent,) = rng.choices(agents, cum_weights=weights)
        yield Arrival(at_s, agent.asked(rng))
        at_s += rng.expovariate(rate)


class _Agent:
    """Its prompt, and the conversations that it is in. Answers are not waited for: they are part of the workload."""

    def __init__(self, number: int, workload: Workload, label: str) -> None:
        self._workload, self._label = workload, label
        # The prompt is the agent's own in every stream, the conversations are not.
        length = random.Random(number).randint(*workload.system)
        self._system = Message("system", f"agent-{number} " + WORD * length)
        self._begun = 0
        self._open: list[tuple[Message, ...]] = [self._begin() for _ in range(workload.conversations)]

    def _begin(self) -> tuple[Message, ...]:
        self._begun += 1
        return (self._system,)

    def asked(self, rng: random.Random) -> tuple[Message, ...]:
        place = rng.randrange(len(self._open))
        said = f"talk-{self._label}-{self._begun}-{place} " + WORD * rng.randint(*self._workload.question)
        asked = (*self._open[place], Message("user", said))
        over = len(asked) >= 2 * self._workload.turns
        self._open[place] = self._begin() if over else (*asked, Message("assistant", WORD))
        return asked
