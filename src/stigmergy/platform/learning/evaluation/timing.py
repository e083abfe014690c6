"""How long one decision takes: from the text of a query to an arm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.platform.learning.evaluation.policies import Swept
from stigmergy.routers.estimators.base import Queries
from stigmergy.routers.estimators.trade_off import choices
from stigmergy.routers.query_features import Embedder

_DECISIONS: Final = 300


@dataclass(frozen=True, slots=True)
class DecisionTime:
    """Median and 99th percentile in milliseconds."""

    p50: float
    p99: float


def time_decisions(
    swept: Swept, queries: Queries, view: tuple[str, Embedder] | None, clock: Callable[[], float]
) -> DecisionTime:
    """Decide up to 300 queries one by one, at the middle price of money.

    Args:
        swept: what was fitted.
        queries: at least one; the first ones are decided.
        view: which vectors the estimator looks at, and what makes them; None: it does not look at the text.
        clock: seconds, monotonic.
    """
    price = swept.prices[len(swept.prices) // 2 :][:1]
    taken = []
    for text, task in zip(queries.texts[:_DECISIONS], queries.tasks[:_DECISIONS], strict=True):
        start = clock()
        views = {} if view is None else {view[0]: view[1].embed(text)[None]}
        choices(swept.fitted.predict(Queries(texts=(text,), tasks=(task,), views=views)), price)
        taken.append(clock() - start)
    return DecisionTime(*_percentiles(taken))


def _percentiles(taken: Sequence[float]) -> tuple[float, float]:
    p50, p99 = np.percentile(np.asarray(taken) * 1000.0, (50, 99))
    return float(p50), float(p99)
