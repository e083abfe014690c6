"""From designs that ask, test and ask again to a tree of escalations (METHODS M14).

What such a log shows: a call whose answer failed the visible tests (another call follows), one whose answer passed them
(none follows, though the design would have made one), and one whose answer was taken as it is (a design of one call).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.domain import GOAL, NodeId
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.paths.branches import AT_START
from stigmergy.platform.learning.paths.call_reading import Calls
from stigmergy.platform.learning.paths.log_making import UNKNOWN, Growing, Step
from stigmergy.platform.learning.paths.retried_episodes import (
    FAILED,
    PASSED,
    BySight,
    Retried,
    Seen,
    episodes_of,
    gone_on,
    taken,
    tested,
)
from stigmergy.platform.learning.paths.route_log import LoggedQueries, RouteLog

LEAST_LOGGED: Final = 0.95
"""Of the queries; METHODS M2 asks the same of an arm."""
LEAST_RUNS: Final = 2
_CONFIDENCE: Final = {PASSED: 1.0, FAILED: 0.0}
"""What the visible tests say of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryTree:
    """A log made of retried calls, and why each design that is not in it is not."""

    log: RouteLog
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """Calls of one kind: after which model's failed answer they are made (None: any that costs less), and for what."""

    node: NodeId
    model: str
    cost: float
    seen: BySight
    after: str | None = None


def grow_retries(calls: Calls, excluded: Collection[str] = ()) -> RetryTree:
    """Escalations and retries that the log supports.

    A call to a model is *fresh* if its prompt holds nothing of what was answered before; then its outcome depends on
    the query alone, and stands for the same call after any other model's failed one. That is taken to be so where all
    prompts of a model to a query have the same length, which is looked at. Asking the same model again is taken only
    from designs that did so. An answer that failed its tests cannot be returned: nobody logged how good it was.

    Args:
        calls: of all designs.
        excluded: designs not to use, such as those that ask at another temperature.

    Raises:
        InvalidLog: an excluded design is not there, or no query keeps a route.
    """
    path = ", ".join(calls.files)
    unknown = sorted(set(excluded) - set(calls.design))
    if unknown:
        raise InvalidLog(path, f"no design {', '.join(unknown)} to exclude; its designs: {sorted(set(calls.design))}")
    episodes = episodes_of(calls)
    ids = sorted(set(calls.query_id))
    left_out = _why_not(calls, episodes, len(ids), excluded)
    left_out |= _stale(calls, left_out)
    kinds = _kinds([each for each in episodes if each.design not in left_out])
    growing = Growing()
    for row, query in enumerate(ids):
        _grow(growing, row, query, kinds, AT_START, None)
    split = dict(zip(calls.query_id, calls.split, strict=True))
    queries = LoggedQueries(
        ids=tuple(ids),
        texts=tuple(calls.texts[query] for query in ids),
        tasks=("code",) * len(ids),
        splits=np.array([split[query] for query in ids], dtype=object),
    )
    return RetryTree(log=growing.log(queries, calls.files), left_out=left_out)


def _why_not(calls: Calls, episodes: Sequence[Retried], queries: int, excluded: Collection[str]) -> dict[str, str]:
    runs, reached = defaultdict[str, int](int), defaultdict[str, set[str]](set)
    for each in episodes:
        runs[each.design] += 1
        reached[each.design].add(each.query)
    reasons = {}
    for design in sorted(set(calls.design)):
        share = len(reached[design]) / queries
        if design in excluded:
            reasons[design] = "excluded by the caller"
        elif share < LEAST_LOGGED:
            reasons[design] = (
                f"its first calls are logged for {share:.0%} of the queries, {LEAST_LOGGED:.0%} are needed"
            )
        elif runs[design] < LEAST_RUNS * LEAST_LOGGED * queries:
            reasons[design] = f"it was run fewer than {LEAST_RUNS} times"
    return reasons


def _stale(calls: Calls, left_out: Collection[str]) -> dict[str, str]:
    """Designs that call a model with prompts of different lengths for one query, those left out already aside."""
    lengths: defaultdict[tuple[str, str], set[float]] = defaultdict(set)
    models: defaultdict[str, set[str]] = defaultdict(set)
    columns = zip(calls.design, calls.query_id, calls.model, calls.tokens_in.tolist(), strict=True)
    for design, query, model, tokens in columns:
        if design not in left_out:
            lengths[query, model].add(tokens)
            models[design].add(model)
    stale = {model for (_, model), found in lengths.items() if len(found) > 1}
    reason = "its prompts differ from call to call, so that none stands for another"
    return {design: reason for design, called in models.items() if called & stale}


def _kinds(episodes: Sequence[Retried]) -> list[_Kind]:
    """The kinds of calls, cheapest first."""
    longest = defaultdict[str, int](int)
    for each in episodes:
        longest[each.design] = max(longest[each.design], each.calls)
    retrying = [each for each in episodes if longest[each.design] > 1]
    single = [each for each in episodes if longest[each.design] == 1]
    kinds = [
        *(_kind(f"{model} tested", found, tested) for model, found in _grouped(retrying, "model").items()),
        *(_kind(model, found, taken) for model, found in _grouped(single, "model").items()),
        *(
            _kind(f"{name} goes on", found, gone_on, found[0].model)
            for name, found in _grouped(retrying, "design").items()
        ),
    ]
    return sorted(kinds, key=lambda kind: (kind.cost, kind.node))


def _kind(
    node: NodeId, episodes: Sequence[Retried], look: Callable[[Sequence[Retried]], BySight], after: str | None = None
) -> _Kind:
    cost = float(np.mean([each.first.cost for each in episodes if each.split == TRAIN]))
    return _Kind(node=node, model=episodes[0].model, cost=cost, seen=look(episodes), after=after)


def _grouped(episodes: Sequence[Retried], by: str) -> dict[str, list[Retried]]:
    found: defaultdict[str, list[Retried]] = defaultdict(list)
    for each in episodes:
        found[getattr(each, by)].append(each)
    return found


def _grow(growing: Growing, row: int, query: str, kinds: Sequence[_Kind], parent: int, last: _Kind | None) -> None:
    """Every call that may follow a failed one: a dearer model's, or what a design did that began with it."""
    for kind in kinds:
        if not _may_follow(kind, last):
            continue
        for seen in kind.seen.get(query, ()):
            branch = growing.add(_step(row, kind.node, parent, seen))
            if seen.quality is None:
                _grow(growing, row, query, kinds, branch, kind)
            else:
                growing.add(Step(query=row, node=GOAL, parent=branch, runs=seen.runs, quality=seen.quality))


def _may_follow(kind: _Kind, last: _Kind | None) -> bool:
    if last is None:
        return kind.after is None
    if kind.after is not None:
        return kind.after == last.model
    return kind.cost > last.cost and kind.model != last.model


def _step(row: int, node: NodeId, parent: int, seen: Seen) -> Step:
    return Step(
        query=row,
        node=node,
        parent=parent,
        outcome=seen.outcome,
        runs=seen.runs,
        cost=seen.spent.cost,
        latency=seen.spent.latency,
        tokens=seen.spent.tokens,
        answered=seen.quality is not None,
        confidence=_CONFIDENCE.get(seen.outcome, UNKNOWN),
    )
