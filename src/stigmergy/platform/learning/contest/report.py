"""From contests to what is published: one JSON-compatible document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, TypeAlias

import numpy as np

from stigmergy.platform.learning.contest.judging import (
    Contested,
    Resampled,
    Standing,
    against_best,
    dear_saved,
    intervals,
    pooled,
)
from stigmergy.platform.learning.contest.playing import Figures
from stigmergy.platform.learning.contest.rules import BEST_PAYABLE
from stigmergy.platform.learning.evaluation.versions import code_versions
from stigmergy.platform.learning.rl.draws import LEVELS

Document: TypeAlias = dict[str, Any]
ALWAYS_LARGE: Final = "always_large"


def report(contests: Sequence[Contested], setting: Mapping[str, Any], samples: int) -> Document:
    """The whole report.

    ``data.<name>`` holds ``levels``, ``policies.<policy>[level].{success: {mean, low, high}, cost, dear_calls,
    violations}``, ``less_best_rule.<learner>[level]`` (success, paired), and ``signal``. ``pooled.<learner>`` is over
    the data sets that have enough queries for a bar, each counting once.
    """
    differences: dict[str, list[Figures]] = {}
    data = {}
    for each in contests:
        resampled = Resampled(each.queries, samples)
        less = {name: against_best(mine, each.rules, resampled) for name, mine in each.learned.items()}
        if not each.by_folds:
            for name, (found, _) in less.items():
                differences.setdefault(name, []).append(found)
        data[each.name] = _of_set(each, resampled, less)
    barred = [each for each in contests if not each.by_folds]
    return {
        "setting": dict(setting),
        "versions": dict(code_versions()),
        "data": data,
        "pooled": {name: _pooled(name, found, barred) for name, found in differences.items()},
    }


def _of_set(each: Contested, resampled: Resampled, less: Mapping[str, tuple[Figures, list[str]]]) -> Document:
    everyone = {**each.rules, BEST_PAYABLE: each.best_payable, **each.learned}
    policies = {name: _levels(found, resampled) for name, found in everyone.items()}
    return {
        "levels": list(LEVELS),
        "queries": each.queries,
        "tested": "every query, by grouped folds; no bar" if each.by_folds else "the test split",
        "sha256": dict(each.files),
        # Under a strict cap always-large is first-large (METHODS M5).
        "policies": {**policies, ALWAYS_LARGE: policies["first_large"]},
        "less_best_rule": {
            name: [{**asdict(found), "rule": rule} for found, rule in zip(intervals(means), rules, strict=True)]
            for name, (means, rules) in less.items()
        },
        "signal": signal(each, resampled),
    }


def _levels(found: Standing, resampled: Resampled) -> list[Document]:
    success = intervals(resampled.means(found.success))
    return [
        {
            "success": asdict(success[level]),
            "cost": float(found.cost[level].mean()),
            "dear_calls": float(found.dear[level].mean()),
            "violations": found.violations[level],
        }
        for level in range(len(success))
    ]


def signal(each: Contested, resampled: Resampled) -> Document:
    """Whether looking at queries pays: the best of nearest and learners less the best rule that does not look.

    There is signal where, in the mean over levels, one of them is above it with 97.5 % of the samples.
    """
    looking = {"nearest": each.rules["nearest"], **each.learned}
    blind = {name: found for name, found in each.rules.items() if name != "nearest"} | {BEST_PAYABLE: each.best_payable}
    gains = {
        name: intervals(against_best(found, blind, resampled)[0].mean(axis=0, keepdims=True))[0]
        for name, found in looking.items()
    }
    best = max(gains, key=lambda name: gains[name].low)
    return {"found": gains[best].low > 0.0, "by": best, "gain": asdict(gains[best])}


def _pooled(name: str, differences: Sequence[Figures], contests: Sequence[Contested]) -> Document:
    found = pooled(differences)
    saved = [dear_saved(each.learned[name], each.rules) for each in contests]
    mine, needed = (float(np.sum(part)) for part in zip(*saved, strict=True))
    return {
        "less_best_rule": [asdict(each) for each in found],
        "levels_above": sum(each.mean > 0.0 for each in found),
        "significantly_below": sum(each.high < 0.0 for each in found),
        "dear_calls": mine,
        "dear_calls_of_rules_at_same_success": needed,
        "dear_calls_saved": 1.0 - mine / needed if needed > 0.0 else 0.0,
        "violations": sum(sum(each.learned[name].violations) for each in contests),
    }
