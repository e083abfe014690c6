"""What tuning is judged by: only differences between arms decide a choice."""

from __future__ import annotations

import numpy as np

from stigmergy.routers.estimators.base import Matrix


def contrast_error(predicted: Matrix, outcomes: Matrix) -> float:
    """Mean squared error after the mean over arms was taken from each row, over cells that were run.

    A query that all arms find easy or hard moves no choice, so that its level is not what counts.

    Args:
        predicted: shape (Q, A).
        outcomes: shape (Q, A), NaN where not run.
    """
    known = ~np.isnan(outcomes)
    surplus = np.where(known, predicted - np.where(known, outcomes, 0.0), 0.0)
    arms = known.sum(axis=1, keepdims=True)
    centred = np.where(known, surplus - surplus.sum(axis=1, keepdims=True) / np.maximum(arms, 1), 0.0)
    return float(np.square(centred, dtype=np.float64).sum() / max(known.sum(), 1))
