"""From outcomes to rewards: what a choice was worth, net of what it cost."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.credit import CORRECT

Amount = TypeVar("Amount", float, NDArray[np.float64])


def net_reward(quality: Amount, cost: Amount, cost_weight: float) -> Amount:
    """``quality - cost_weight x cost``, and at most 0 where quality < .5 (METHODS M4, M6).

    Args:
        quality: in [0, 1].
        cost: at least 0, in spans between the cheapest and the dearest choice: a wrong answer never earns a bonus for
            being cheap.
        cost_weight: what going from the cheapest to the dearest is worth in quality.
    """
    net = quality - cost_weight * cost
    return np.where(np.asarray(quality) >= CORRECT, net, np.minimum(net, 0.0))  # type: ignore[return-value]
