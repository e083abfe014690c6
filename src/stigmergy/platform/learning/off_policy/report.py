"""Judgements as a document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from stigmergy.platform.learning.evaluation.versions import code_versions
from stigmergy.platform.learning.off_policy.bandit_log import BanditLog
from stigmergy.platform.learning.off_policy.estimating import judge
from stigmergy.platform.learning.off_policy.estimators import ESTIMATORS


def judge_tables(log: BanditLog, *, seed: int, clip: float) -> dict[str, Any]:
    """Every policy of known value, estimated; a JSON-compatible report."""
    policies = {
        name: {"truth": table.value, **asdict(judge(log.episodes, log.target(table), seed=seed, clip=clip))}
        for name, table in log.tables.items()
    }
    return {
        "policies": policies,
        "estimators": list(ESTIMATORS),
        "episodes": len(log.episodes.actions),
        "data": dict(log.files),
        "seed": seed,
        "versions": dict(code_versions()),
    }
