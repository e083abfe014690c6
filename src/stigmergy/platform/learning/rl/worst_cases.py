"""What a call may cost at most, where a log holds only what it did cost (METHODS M5, M16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.platform.learning.evaluation.log_reading import TRAIN
from stigmergy.platform.learning.rl.arm_log import ArmLog, Runs
from stigmergy.routers.observation import Money

CAP_QUANTILE: Final = 0.99
NANO: Final = 1e9
BY_PRICES: Final = "prices"
BY_COSTS: Final = "costs"
_ROUNDING: Final = 1.0 + 1e-9
"""A call that costs exactly its worst case must not be cut because a fitted price is a hair too low."""
_SLACK: Final = 1.02
"""A fitted price list may be this far off, by rounding of what was logged; further off, it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstCases:
    """The worst case of every cell and what its runs are charged, in nano-dollars.

    ``charged`` (Q, A, R) is never above ``worst_case`` (Q, A). ``cut`` runs went beyond the cap: they are charged the
    worst case and score 0. ``basis`` tells for every arm what its worst case was made of.
    """

    worst_case: Money
    charged: Money
    cut: NDArray[np.bool_]
    basis: Mapping[str, str]


def worst_cases(log: ArmLog) -> WorstCases:
    """Caps at the 99th percentile of train, prices fitted to the log where it allows that.

    ``worst(a, q) = price_in x tokens_in(q) + price_out x cap_a`` with non-negative prices fitted on train. Where an
    arm makes several calls, or a price list does not explain its costs, its input tokens are not known beforehand;
    its worst case is then the 99th percentile of its cost on train, for all queries alike.
    """
    train = log.table.rows_of(TRAIN)
    worst = np.empty(log.count.shape, dtype=np.float64)
    cut = np.zeros(log.score.shape, dtype=bool)
    basis = {}
    for arm, name in enumerate(log.table.arms):
        cost, tokens_in, tokens_out = log.cost[:, arm], log.tokens_in[:, arm], log.tokens_out[:, arm]
        prices = _prices(cost[train], tokens_in[train], tokens_out[train], log.calls[train, arm])
        if prices is None:
            worst[:, arm] = np.nanquantile(cost[train], CAP_QUANTILE)
            cut[:, arm] = cost > worst[:, arm, None] * _ROUNDING
        else:
            cap = np.ceil(np.nanquantile(tokens_out[train], CAP_QUANTILE))
            worst[:, arm] = prices[0] * np.nanmax(tokens_in, axis=1) + prices[1] * cap
            cut[:, arm] = (tokens_out > cap) | (cost > worst[:, arm, None] * _ROUNDING)
        basis[name] = BY_COSTS if prices is None else BY_PRICES
    most: Money = np.ceil(worst * NANO).astype(np.int64)
    charged: Money = np.ceil(np.nan_to_num(log.cost) * NANO).astype(np.int64)
    return WorstCases(
        worst_case=most,
        charged=np.where(cut, most[:, :, None], np.minimum(charged, most[:, :, None])),
        cut=cut,
        basis=basis,
    )


def _prices(cost: Runs, tokens_in: Runs, tokens_out: Runs, calls: Runs) -> tuple[float, float] | None:
    """Prices per input and output token that explain every cost within the slack and are never too low, or None."""
    known = np.isfinite(cost) & np.isfinite(tokens_in) & np.isfinite(tokens_out) & (cost > 0.0)
    if not known.any() or np.isnan(tokens_in).all(axis=1).any() or (calls[known] != 1).any():
        return None
    tokens = np.stack((tokens_in[known], tokens_out[known]), axis=1)
    # Errors relative to the cost: a price list is off by a share, not by an amount.
    fitted, *_ = np.linalg.lstsq(tokens / cost[known, None], np.ones(len(tokens)), rcond=None)
    prices = np.maximum(fitted, 0.0)
    explained = tokens @ prices
    if not (explained > 0.0).all():
        return None
    ratio = cost[known] / explained
    if ratio.max() > _SLACK or ratio.min() < 1.0 / _SLACK:
        return None
    return float(prices[0] * ratio.max()), float(prices[1] * ratio.max())
