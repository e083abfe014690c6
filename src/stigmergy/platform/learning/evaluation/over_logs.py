"""One router for every log: gaps closed, averaged over logs, against the best baseline that is the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.bootstrap import interval
from stigmergy.platform.learning.evaluation.hull import Floats
from stigmergy.platform.learning.evaluation.replay import HULL, MANDATORY, ORACLE

BASELINES: Final = tuple(name for name in MANDATORY if name not in (HULL, ORACLE))

Gaps: TypeAlias = Mapping[str, Floats]
"""One log: router to its gap closed under every weighting of the queries, shape (1 + samples,); NaN: none."""


def read_gaps(path: Path) -> Gaps:
    """The gaps in what ``stigmergy evaluate replay --json`` wrote.

    Raises:
        InvalidLog: it is no such report, or its routers lack samples or a baseline.
    """
    try:
        routers = json.loads(path.read_text(encoding="utf-8"))["routers"]
        found = {name: np.array(each["gap_samples"], dtype=np.float64) for name, each in routers.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidLog(str(path), f"it is no report of evaluate replay ({type(error).__name__}: {error})") from None
    lacking = [name for name in BASELINES if name not in found]
    if lacking or len({each.shape for each in found.values()}) != 1:
        raise InvalidLog(str(path), f"its routers differ in samples, or lack baselines: {', '.join(lacking)}")
    return found


def over_logs(logs: Mapping[str, Gaps]) -> dict[str, Any]:
    """Averages over logs, every log counting alike, with intervals; null where a figure has no value.

    ``best_baseline`` is the mandatory baseline of the greatest average; ``versus_best`` the difference to it under the
    same weightings of the queries, averaged and per log. ``below_hull`` names logs on which the whole interval of the
    gap lies below 0. Routers that lack on a log are left out.

    Args:
        logs: at least one.

    Raises:
        InvalidLog: they were not made with equally many bootstrap samples.
    """
    found = list(logs.values())
    if len({len(each[BASELINES[0]]) for each in found}) != 1:
        raise InvalidLog(", ".join(logs), "they were not made with equally many bootstrap samples")
    names = [name for name in found[0] if all(name in each for each in found)]
    best = max(BASELINES, key=lambda name: _as_they_are(name, found))
    return {
        "best_baseline": best,
        "routers": {name: _router(name, best, logs) for name in names},
    }


def _router(name: str, best: str, logs: Mapping[str, Gaps]) -> dict[str, Any]:
    mine = {log: each[name] for log, each in logs.items()}
    ahead = {log: each[name] - each[best] for log, each in logs.items()}
    gaps = {log: _figure(values) for log, values in mine.items()}
    return {
        "gap_closed": _figure(np.mean(list(mine.values()), axis=0)),
        "versus_best": _figure(np.mean(list(ahead.values()), axis=0)),
        "below_hull": [log for log, gap in gaps.items() if gap is not None and gap["high"] < 0.0],
        "logs": {log: {"gap_closed": gaps[log], "versus_best": _figure(ahead[log])} for log in logs},
    }


def _as_they_are(name: str, found: Sequence[Gaps]) -> float:
    mean = float(np.mean([each[name][0] for each in found]))
    return mean if np.isfinite(mean) else -np.inf


def _figure(values: Floats) -> dict[str, float] | None:
    found = interval(values)
    return None if found is None else asdict(found)
