"""Logged or replayed hops as facts, before anything is encoded: what relabelling works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.observation import Floats, Money, Places, Situations, Truths


class Outcome(StrEnum):
    """How a hop ended."""

    ANSWERED = "answered"
    FAILED = "failed"
    """The call failed; the episode goes on if it can. It says nothing about the quality of the agent's work."""
    CUT = "cut"
    """The call reached its token cap, and was stopped."""
    ESCALATED = "escalated"
    """The episode ended behind this hop without a feasible way on."""
    CANCELLED = "cancelled"
    """Somebody ended the episode behind this hop; what it would have come to is not known."""
    UNAVAILABLE = "unavailable"
    """The call failed for a reason that says nothing about the agent: it was not there, overloaded or interrupted."""
    OUT_OF_BUDGET = "out_of_budget"
    """A budget given in hindsight ends the episode behind this hop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """n hops, those of an episode in a row and in order.

    Attributes:
        seen: the situations that the hops were chosen in.
        action: what was chosen, as a number of the spec.
        probabilities: of every action, shape (n, A): the propensities under the mask.
        charged: what the call was charged, in nano-dollars; all attempts together.
        quality: in [0, 1] where the episode ended behind the hop and was judged, else NaN.
        terminated, truncated: as in gymnasium; both False where the episode goes on.
        episode: its id; a relabelled copy has one of its own.
        cluster: id of the query, shared by all episodes and copies of it.
        split: train, val or test; the same for a query and all its copies.
        decided_by: ``router``, ``healing`` or ``forced``; only what routers decided enters importance ratios.
        outcome: an ``Outcome``.
        weight: of the hop in training; 0 for what no router decided and for an agent that was not there, else 1 over
            the probability of being judged.
        relabelled: the budget was given in hindsight; never to be used for off-policy evaluation.
    """

    seen: Situations
    action: Places
    probabilities: Floats
    charged: Money
    quality: Floats
    terminated: Truths
    truncated: Truths
    episode: NDArray[np.object_]
    cluster: NDArray[np.object_]
    split: NDArray[np.object_]
    decided_by: NDArray[np.object_]
    outcome: NDArray[np.object_]
    weight: Floats
    relabelled: Truths

    def __len__(self) -> int:
        return len(self.action)

    def take(self, rows: NDArray[Any]) -> Steps:
        """Some of the hops, by number or by truth value."""
        picked = {f.name: getattr(self, f.name)[rows] for f in fields(Steps) if f.name != "seen"}
        return Steps(seen=take(self.seen, rows), **picked)

    def but(self, **changes: Any) -> Steps:
        """The same with some columns changed; ``seen`` may be a mapping of changes of the situations."""
        if isinstance(changes.get("seen"), dict):
            changes["seen"] = replace(self.seen, **changes["seen"])
        return replace(self, **changes)

    @property
    def first(self) -> Truths:
        """Which hops are the first of their episode."""
        starts = np.ones(len(self), dtype=bool)
        starts[1:] = self.episode[1:] != self.episode[:-1]
        return starts

    @property
    def last(self) -> Truths:
        """Which hops are the last of their episode."""
        ends = np.ones(len(self), dtype=bool)
        ends[:-1] = self.first[1:]
        return ends


def failed(steps: Steps) -> Truths:
    """Which calls failed, for whatever reason."""
    return np.isin(steps.outcome.astype(str), (Outcome.FAILED, Outcome.UNAVAILABLE))


def take(seen: Situations, rows: NDArray[Any]) -> Situations:
    """Some of the situations."""
    return Situations(**{f.name: getattr(seen, f.name)[rows] for f in fields(Situations)})


def join(parts: Sequence[Steps]) -> Steps:
    """Parts with whole episodes each, one after another; at least one."""
    seen = {f.name: np.concatenate([getattr(part.seen, f.name) for part in parts]) for f in fields(Situations)}
    rest = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Steps)[1:]}
    return Steps(seen=Situations(**seen), **rest)
