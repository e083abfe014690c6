"""What is published of a cold start: one JSON-compatible document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from stigmergy.platform.learning.cold_start.contestants import CONTESTANTS
from stigmergy.platform.learning.cold_start.evaluation import INFORMED, Found, Plan
from stigmergy.platform.learning.evaluation.arm_selection import Selected
from stigmergy.platform.learning.evaluation.bootstrap import interval
from stigmergy.platform.learning.evaluation.hull import Floats

Document = dict[str, Any]
_AGAINST: Final = ("nearest", "nearest_shrunken")
_DESCRIPTIONS: Final = {
    **{name: each.description for name, each in CONTESTANTS.items()},
    INFORMED: "nearest neighbours that saw all outcomes of the new arms too: what there was to win",
}


def report(selected: Selected, found: Found, plan: Plan, versions: Mapping[str, str]) -> Document:
    """The document; the same for the same log, code and plan.

    Intervals draw seeds (which arms are new, which queries are probes) and queries, both with replacement.
    """
    table = selected.table
    draws = np.random.default_rng(0).integers(plan.seeds, size=(plan.samples, plan.seeds))
    drawn = {name: _over_seeds(each, draws) for name, each in found.gaps.items()}
    return {
        "data": {
            "path": list(table.files),
            "sha256": list(table.files.values()),
            "queries": len(table.texts),
            "arms": list(table.arms),
            "arms_left_out": dict(selected.left_out),
        },
        "versions": dict(versions),
        "plan": asdict(plan),
        "new_arms_by_seed": [list(arms) for arms in found.new],
        "routers": {
            name: {
                "description": _DESCRIPTIONS[name],
                "gap_closed": _figure(drawn[name]),
                "gap_by_seed": [_or_null(value) for value in each[:, 0].tolist()],
                "versus": {other: _difference(drawn[name] - drawn[other]) for other in _AGAINST},
            }
            for name, each in found.gaps.items()
        },
    }


def _over_seeds(values: Floats, draws: np.ndarray) -> Floats:
    """Mean over the seeds, then over drawn seeds under each weighting: (seeds, 1 + S) and (S, seeds) to (1 + S,)."""
    resampled = values[draws, np.arange(1, values.shape[1])[:, None]].mean(axis=1)
    return np.concatenate((values[:, :1].mean(axis=0), resampled))


def _figure(values: Floats) -> Document | None:
    found = interval(values)
    return None if found is None else asdict(found)


def _difference(values: Floats) -> Document | None:
    found = interval(values)
    return None if found is None else {"diff": found.mean, "low": found.low, "high": found.high}


def _or_null(value: float) -> float | None:
    return value if np.isfinite(value) else None
