"""Logged calls put together to episodes, and what was seen of the calls of one kind on each query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from stigmergy.platform.learning.paths.call_reading import Calls

PASSED: Final = "passed its tests"
FAILED: Final = "failed its tests"
TAKEN: Final = "taken as it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """USD, seconds and tokens of calls."""

    cost: float
    latency: float
    tokens: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """One run of a design on a query: its first call, what came after it, and the score of what it ended with."""

    query: str
    design: str
    model: str
    """Of the first call."""
    split: str
    calls: int
    first: Spent
    rest: Spent
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Runs of one call that ended alike; ``quality`` is None where more has to follow."""

    outcome: str
    runs: int
    spent: Spent
    quality: float | None


BySight: TypeAlias = Mapping[str, tuple[Seen, ...]]
"""Query id to what was seen there."""


def episodes_of(calls: Calls) -> list[Retried]:
    """One episode for each design, run and query that is logged from its first call on."""
    rows: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row, key in enumerate(zip(calls.design, calls.run, calls.query_id, strict=True)):
        rows[key].append(row)
    ordered = (sorted(each, key=lambda row: calls.step[row]) for each in rows.values())
    return [_episode(calls, each) for each in ordered if len(each) == calls.steps[each[0]]]


def tested(episodes: Sequence[Retried]) -> BySight:
    """First calls of designs that would have asked again, had the visible tests failed."""

    def look(found: Sequence[Retried]) -> Iterable[Seen]:
        passed = [each for each in found if each.calls == 1]
        failed = [each for each in found if each.calls > 1]
        if passed:
            yield _seen(PASSED, passed, lambda each: each.first)
        if failed:
            seen = _seen(FAILED, failed, lambda each: each.first)
            yield Seen(outcome=FAILED, runs=seen.runs, spent=seen.spent, quality=None)

    return {query: tuple(look(found)) for query, found in _by_query(episodes).items()}


def taken(episodes: Sequence[Retried]) -> BySight:
    """Single calls whose answer was taken untested."""
    return {q: (_seen(TAKEN, found, lambda each: each.first),) for q, found in _by_query(episodes).items()}


def gone_on(episodes: Sequence[Retried]) -> BySight:
    """What a design did after its first call failed, as one step to its end."""
    failed = [each for each in episodes if each.calls > 1]
    return {q: (_seen(TAKEN, found, lambda each: each.rest),) for q, found in _by_query(failed).items()}


def _seen(outcome: str, found: Sequence[Retried], part: Callable[[Retried], Spent]) -> Seen:
    parts = [part(each) for each in found]
    means = {name: float(np.mean([getattr(each, name) for each in parts])) for name in ("cost", "latency", "tokens")}
    quality = float(np.mean([each.score for each in found]))
    return Seen(outcome=outcome, runs=len(found), spent=Spent(**means), quality=quality)


def _by_query(episodes: Sequence[Retried]) -> Mapping[str, list[Retried]]:
    found: defaultdict[str, list[Retried]] = defaultdict(list)
    for each in episodes:
        found[each.query].append(each)
    return found


def _episode(calls: Calls, rows: list[int]) -> Retried:
    first, *rest = rows
    return Retried(
        query=calls.query_id[first],
        design=calls.design[first],
        model=calls.model[first],
        split=calls.split[first],
        calls=len(rows),
        first=_spent(calls, [first]),
        rest=_spent(calls, rest),
        score=float(calls.score[first]),
    )


def _spent(calls: Calls, rows: list[int]) -> Spent:
    cost, latency, tokens_in, tokens_out = (
        float(values[rows].sum()) for values in (calls.cost, calls.latency, calls.tokens_in, calls.tokens_out)
    )
    return Spent(cost=cost, latency=latency, tokens=tokens_in + tokens_out)
