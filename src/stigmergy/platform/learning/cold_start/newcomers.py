"""Which arms are new, and on which queries they are tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.estimators.base import Matrix, Outcomes, Queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """Learning queries on which known arms were run everywhere, and new ones on the probes alone.

    ``new`` and ``known`` are places of arms. The rows of ``outcomes`` hold NaN where a new arm was not tried.
    """

    queries: Queries
    outcomes: Outcomes
    new: NDArray[np.intp]
    known: NDArray[np.intp]

    def without_new(self) -> Outcomes:
        """The known arms alone: what there was to train on."""
        return Outcomes(
            arms=tuple(self.outcomes.arms[place] for place in self.known),
            quality=self.outcomes.quality[:, self.known],
            cost=self.outcomes.cost[:, self.known],
        )


def draw_new(arms: int, held_out: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Places of the arms that are held out, ascending."""
    return np.sort(rng.choice(arms, held_out, replace=False))


def hide(queries: Queries, outcomes: Outcomes, new: NDArray[np.intp], probes: NDArray[np.intp]) -> Newcomers:
    """Take from what the new arms did all but the probes, which are rows."""
    known = np.setdiff1d(np.arange(len(outcomes.arms)), new)
    seen = np.zeros(outcomes.quality.shape, dtype=bool)
    seen[:, known] = True
    seen[np.ix_(probes, new)] = True
    quality, cost = (np.where(seen, each, np.float32(np.nan)) for each in (outcomes.quality, outcomes.cost))
    return Newcomers(
        queries=queries, outcomes=Outcomes(arms=outcomes.arms, quality=quality, cost=cost), new=new, known=known
    )


def most_telling(features: Matrix, count: int) -> NDArray[np.intp]:
    """``count`` rows that tell most of a linear model in the features: D-optimal, one by one.

    Each next row has the largest ``x' (I + X'X)^-1 x`` with the rows X taken before, which grows the determinant most.
    """
    return np.fromiter(_telling(features.astype(np.float64), count), dtype=np.intp)


def _telling(features: NDArray[np.float64], count: int) -> Iterator[int]:
    spread, left = np.square(features).sum(axis=1), np.ones(len(features), dtype=bool)
    inverse = np.eye(features.shape[1])
    for _ in range(min(count, len(features))):
        row = int(np.where(left, spread, -np.inf).argmax())
        yield row
        left[row] = False
        step = inverse @ features[row]
        gain = 1.0 + float(features[row] @ step)
        inverse -= np.outer(step, step) / gain
        spread -= np.square(features @ step) / gain
