"""The contest on one data set: every rule and every learner, on the test split or on every query by grouped folds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np

from stigmergy.platform.learning.contest.arena import Arena, arm_arena
from stigmergy.platform.learning.contest.judging import Contested, joined, standing
from stigmergy.platform.learning.contest.learning import Effort, Learning
from stigmergy.platform.learning.contest.playing import Result, Stage
from stigmergy.platform.learning.contest.rules import BEST_PAYABLE, RULES, best_payable, priced, rules
from stigmergy.platform.learning.evaluation.log_reading import TEST, TRAIN, VAL
from stigmergy.platform.learning.rl.arm_log import ArmLog
from stigmergy.platform.learning.rl.draws import LEVELS
from stigmergy.routers.estimators.folds import fold_numbers

Progress: TypeAlias = Callable[[str], None]
FEW: Final = 100
"""With fewer test queries than this, every query is tested, by grouped folds; no bar is held to it."""
_FOLDS: Final = 5


def is_small(log: ArmLog) -> bool:
    """Whether its own test split is too small to tell policies apart."""
    return int(log.table.rows_of(TEST).sum()) < FEW


def contest(arena: Arena, seeds: int, effort: Effort, progress: Progress) -> Contested:
    """On the test split of the file."""
    found = _compete(arena, range(seeds), effort, progress)
    return _contested(arena.name, found, arena.files, by_folds=False)


def contest_by_folds(name: str, log: ArmLog, seeds: int, effort: Effort, progress: Progress) -> Contested:
    """On every query of a small log: each seed deals texts to five folds anew, and each fold is tested once."""
    per_seed = [_by_folds(name, log, seed, effort, progress) for seed in range(seeds)]
    found = {each: [results[each] for results in per_seed] for each in per_seed[0]}
    return _contested(name, found, log.table.files, by_folds=True)


def _by_folds(name: str, log: ArmLog, seed: int, effort: Effort, progress: Progress) -> dict[str, Result]:
    """Everyone on every query, in the order of the log."""
    parts: list[dict[str, list[Result]]] = []
    order: list[int] = []
    for dealt in _dealt(log, seed):
        arena = arm_arena(name, dealt)
        order += arena.rows(TEST).tolist()
        parts.append(_compete(arena, [seed], effort, progress))
    back = np.argsort(order)
    return {each: joined([part[each][0] for part in parts]).take(back) for each in parts[0]}


def _dealt(log: ArmLog, seed: int) -> Iterator[ArmLog]:
    """The log with each fold in turn as test, the next one as val."""
    folds = fold_numbers(log.table.texts, f"contest {seed}", _FOLDS)
    for fold in range(_FOLDS):
        after = (fold + 1) % _FOLDS
        splits = np.select([folds == fold, folds == after], [TEST, VAL], TRAIN).astype(object)
        yield replace(log, table=replace(log.table, splits=splits))


def _compete(arena: Arena, seeds: Sequence[int], effort: Effort, progress: Progress) -> dict[str, list[Result]]:
    arena = priced(arena)
    stage = Stage(arena, TEST, LEVELS)
    found = {name: [stage.play(rule)] for name, rule in rules(arena, seeds[0]).items()}
    found[BEST_PAYABLE] = [stage.play(best_payable(arena))]
    learning = Learning(arena, effort)
    for name, learn in learning.everyone().items():
        found[name] = []
        for seed in seeds:
            progress(f"{arena.name}: {name}, seed {seed + 1}")
            found[name].append(stage.play(learn(seed)))
    return found


def _contested(
    name: str, found: Mapping[str, Sequence[Result]], files: Mapping[str, str], *, by_folds: bool
) -> Contested:
    standings = {each: standing(results) for each, results in found.items()}
    return Contested(
        name=name,
        rules={each: known for each, known in standings.items() if each in RULES},
        learned={each: known for each, known in standings.items() if each not in (*RULES, BEST_PAYABLE)},
        best_payable=standings[BEST_PAYABLE],
        queries=next(iter(standings.values())).success.shape[1],
        by_folds=by_folds,
        files=files,
    )
