"""Name to estimator: the one module that knows them all. To add one, add a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from stigmergy.errors import UnknownEstimator
from stigmergy.routers.estimators.average import Average
from stigmergy.routers.estimators.base import Estimator
from stigmergy.routers.estimators.centroid import Centroid
from stigmergy.routers.estimators.fixed import AnyArm, OneArm, best, cheapest, dearest
from stigmergy.routers.estimators.nearest import Nearest
from stigmergy.routers.estimators.per_task import PerTask
from stigmergy.routers.estimators.ridge import Ridge
from stigmergy.routers.estimators.views import NGRAMS, SENTENCES, SUBSTANCE


@dataclass(frozen=True, slots=True)
class Entry:
    """How an estimator is made, what a report says of it, and which view of the text it looks at (None: at none)."""

    make: Callable[[], Estimator]
    description: str
    view: str | None = None


def _ensemble() -> Estimator:
    # Each part may fall back on the next one: vectors on means per task, those on the arms' means, which is the hull.
    tasks = PerTask((2.0, 5.0, 15.0, 50.0, 200.0, 1e6))
    return Average((Nearest(SUBSTANCE, prior=tasks), Ridge(SUBSTANCE, prior=tasks)))


def _gnn() -> Estimator:
    # torch is loaded only where this one is asked for.
    from stigmergy.routers.gnn.estimator import Gnn

    return Gnn()


ESTIMATORS: Final[Mapping[str, Entry]] = {
    "random": Entry(AnyArm, "any arm, all alike"),
    "cheapest": Entry(lambda: OneArm(cheapest), "always the cheapest arm"),
    "dearest": Entry(lambda: OneArm(dearest), "always the dearest arm"),
    "best_single": Entry(lambda: OneArm(best), "always the arm that is best on the learning queries"),
    "best_per_task": Entry(PerTask, "means per task; sees the task, not the text"),
    "nearest": Entry(Nearest, "nearest neighbours on n-grams, k and shrinkage tuned", NGRAMS),
    "nearest_task": Entry(
        lambda: Nearest(prior=PerTask()), "the same, shrunk towards the task's means; sees the task", NGRAMS
    ),
    "ridge": Entry(Ridge, "ridge regression on n-grams, penalty tuned", NGRAMS),
    "ridge_task": Entry(
        lambda: Ridge(prior=PerTask()), "the same on what the task's means leave over; sees the task", NGRAMS
    ),
    "nearest_and_ridge": Entry(lambda: Average((Nearest(), Ridge())), "the mean of nearest and ridge", NGRAMS),
    "nearest_and_ridge_task": Entry(
        lambda: Average((Nearest(prior=PerTask()), Ridge(prior=PerTask()))),
        "the mean of nearest_task and ridge_task; sees the task",
        NGRAMS,
    ),
    "ensemble": Entry(
        _ensemble,
        "nearest neighbours and ridge on the substance of the text over task means, each shrunk as far as its learning "
        "queries say; sees the task",
        SUBSTANCE,
    ),
    "gnn": Entry(_gnn, "graph neural network on n-grams; sees the task of the learning queries alone", NGRAMS),
    "centroid": Entry(Centroid, "one profile per arm on n-grams; arms come and go without training", NGRAMS),
    "nearest_sentences": Entry(lambda: Nearest(SENTENCES), "nearest neighbours on sentence embeddings", SENTENCES),
    "ridge_sentences": Entry(lambda: Ridge(SENTENCES), "ridge regression on sentence embeddings", SENTENCES),
    "centroid_sentences": Entry(lambda: Centroid(SENTENCES), "one profile per arm on sentence embeddings", SENTENCES),
}


def entry(name: str) -> Entry:
    """What is registered under a name.

    Raises:
        UnknownEstimator: nothing is.
    """
    try:
        return ESTIMATORS[name]
    except KeyError:
        raise UnknownEstimator(name, tuple(ESTIMATORS)) from None
