"""What a policy sees of the success that is expected of its actions; the same in training and in serving."""

from __future__ import annotations

from typing import Final

import numpy as np

from stigmergy.routers.observation import Floats, Truths

REACH: Final = 0.25
"""Expected success below the best action's that is told apart."""


def prospects(worth: Floats, feasible: Truths) -> Floats:
    """``max(-1, (worth - greatest feasible worth) / .25)``, and -1 for what is not feasible; shape (B, A).

    Args:
        worth: success that is expected of every action, shape (B, A).
        feasible: what may be chosen, shape (B, A).
    """
    best = np.where(feasible, worth, -np.inf).max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        apart = np.maximum((worth - best) / REACH, -1.0)
    return np.where(feasible, apart, -1.0).astype(np.float32)
