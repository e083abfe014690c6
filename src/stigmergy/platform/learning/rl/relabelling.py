"""Hindsight budget relabelling (METHODS M8): what a logged episode teaches about budgets that it did not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.rl.steps import Outcome, Steps, failed, join
from stigmergy.routers.observation import NO_LIMIT, Money, Places, Truths, feasible_within


def relabel(steps: Steps, budget: Money, name: str) -> Steps:
    """Copies of episodes as they would have gone under another, smaller budget each.

    A prefix is kept as long as every choice in it was feasible *beforehand* under the new budget, by worst case and
    cost-to-go; what calls turned out to cost is not looked at. Masks are computed anew, and probabilities shared out
    among what is left. An episode that the new budget ends is truncated behind its last kept hop; one of which nothing
    is kept, and one whose new budget is not below its own, has no copy. Hops that healing or the graph forced are kept
    or ended by the same rule.

    Args:
        steps: whole episodes; a budget can only be lowered, as what a larger one had allowed was not logged.
        budget: nano-dollars, one per episode, in their order.
        name: goes behind the episode's id in that of its copy.
    """
    first = steps.first
    per_hop = budget[np.cumsum(first) - 1]
    smaller = (steps.seen.budget == NO_LIMIT) | (per_hop < steps.seen.budget)
    seen = steps.seen
    feasible = feasible_within(seen.feasible, seen.worst_case, seen.cost_to_go, seen.spent, per_hop)
    chosen = feasible[np.arange(len(steps)), steps.action]
    kept = _prefixes(chosen & smaller, first)
    ends = np.zeros(len(steps), dtype=bool)
    ends[:-1] = kept[:-1] & ~kept[1:] & ~first[1:]
    copied = _under(steps, feasible, per_hop, ends, name)
    return copied.take(kept)


def with_hindsight(steps: Steps, budgets: Sequence[Money]) -> Steps:
    """The episodes and a copy of each under every one of the budgets that it had room above; see ``relabel``.

    Args:
        steps: whole episodes.
        budgets: per level one array of nano-dollars, one per episode.
    """
    copies = [relabel(steps, budget, f"level{level}") for level, budget in enumerate(budgets)]
    return join([steps, *(copy for copy in copies if len(copy))])


def _under(steps: Steps, feasible: Truths, budget: Money, ends: Truths, name: str) -> Steps:
    probabilities = np.where(feasible, steps.probabilities, 0.0)
    sums = probabilities.sum(axis=1, keepdims=True)
    return steps.but(
        seen={"feasible": feasible, "budget": budget},
        probabilities=(probabilities / np.where(sums > 0.0, sums, 1.0)).astype(np.float32),
        truncated=steps.truncated | ends,
        outcome=np.where(ends & _went_on(steps), Outcome.OUT_OF_BUDGET, steps.outcome),
        episode=_named(steps.episode, name),
        relabelled=np.ones(len(steps), dtype=bool),
    )


def _went_on(steps: Steps) -> Truths:
    """A failed call stays marked as one, whatever ended the episode."""
    return ~failed(steps)


def _prefixes(good: Truths, first: Truths) -> Truths:
    """For every hop: is it, and is each hop of its episode before it, good?"""
    bad = np.asarray(np.cumsum(~good), dtype=np.int64)
    starts = np.flatnonzero(first)
    before: Places = (bad[starts] - ~good[starts])[np.cumsum(first) - 1]
    return np.asarray(bad == before, dtype=bool)


def _named(episodes: NDArray[np.object_], name: str) -> NDArray[Any]:
    return np.array([f"{episode}/{name}" for episode in episodes], dtype=object)
