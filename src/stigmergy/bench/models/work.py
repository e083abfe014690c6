"""What every way of writing is given, and how its speed is told."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

_QUESTION: Final = (8, 48)
_ANSWER: Final = (8, 64)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz "


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question, and the most tokens that its answer may have."""

    text: str
    tokens: int


def draw_work(seed: int, count: int) -> tuple[Wanted, ...]:
    """Questions of 8 to 48 letters and answers of at most 8 to 64 tokens, of unlike lengths as requests are."""
    rng = random.Random(seed)
    return tuple(
        Wanted("".join(rng.choices(_LETTERS, k=rng.randint(*_QUESTION))), rng.randint(*_ANSWER)) for _ in range(count)
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens that were wanted and written, the seconds it took, and the processor's seconds."""

    tokens: int
    wall_s: float
    cpu_s: float

    def describe(self) -> dict[str, Any]:
        """As JSON-compatible values."""
        return {
            "tokens": self.tokens,
            "tokens_per_s": self.tokens / self.wall_s,
            "tokens_per_cpu_s": self.tokens / self.cpu_s,
        }


class Stopwatch:
    """The time since it was made, on the wall and of the processor, over all threads."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def rate(self, tokens: int) -> Rate:
        """The rate of work that ends now."""
        return Rate(tokens, time.perf_counter() - self._wall, time.process_time() - self._cpu)


class Plain(Protocol):
    """Generation without an engine: some questions side by side, all of them to the end of the longest answer."""

    def write(self, wanted: Sequence[Wanted]) -> int:
        """Write the answers; returns the tokens of them that were wanted."""
        ...


def plain_rate(plain: Plain, work: Sequence[Wanted], side_by_side: int) -> Rate:
    """The rate of plain generation, so many questions at a time, in the order in which they come."""
    watch = Stopwatch()
    groups = (work[start : start + side_by_side] for start in range(0, len(work), side_by_side))
    return watch.rate(sum(map(plain.write, groups)))
