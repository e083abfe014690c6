"""A search for settings of the learner by Ray Tune, before the training itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ray import tune

from stigmergy.platform.learning.trainers.rl.config import Document, RlTraining, SearchConfig
from stigmergy.platform.learning.trainers.rl.material import open_material
from stigmergy.platform.learning.trainers.rl.trainees import trainee_for
from stigmergy.platform.learning.trainers.rl.validating import RETURN, validator_for

_TRIALS: Final = "search"
_FOUND: Final = "search.json"


def searched(training: RlTraining, search: SearchConfig, out: Path) -> tuple[RlTraining, Document]:
    """The training with the settings of the best trial, and what was tried: the first seed's return on val decides.

    Trials run side by side, as many as there are CPUs; those that fall behind at a checkpoint are stopped (ASHA). What
    was found is kept in ``out``, and a resumed training does not search again.
    """
    home = out.resolve()
    kept = home / _FOUND
    if not kept.exists():
        kept.write_text(json.dumps(_look(training, search, home), indent=2), encoding="utf-8")
    told: Document = json.loads(kept.read_text(encoding="utf-8"))
    return replace(training, learner=replace(training.learner, **told["chosen"]), search=None), told


def _look(training: RlTraining, search: SearchConfig, home: Path) -> Document:
    tuner = tune.Tuner(
        tune.with_resources(tune.with_parameters(_try, training=training, out=home), {"cpu": 1}),
        param_space=_space(search),
        tune_config=tune.TuneConfig(
            metric=RETURN, mode="max", num_samples=search.trials, scheduler=tune.schedulers.ASHAScheduler()
        ),
        run_config=tune.RunConfig(name=_TRIALS, storage_path=str(home), verbose=0),
    )
    results = tuner.fit()
    best = results.get_best_result()
    tried = [{**each.config, RETURN: (each.metrics or {}).get(RETURN)} for each in results]
    return {"trials": tried, "chosen": dict(best.config)}


def _try(config: Mapping[str, Any], training: RlTraining, out: Path) -> None:
    trial = replace(
        training, learner=replace(training.learner, **config), seeds=training.seeds[:1], env_runners=0, learners=0
    )
    material = open_material(trial, out)
    validator = validator_for(trial, material)
    trainee = trainee_for(trial, material, trial.seeds[0])
    for iteration in range(trial.iterations):
        trainee.advance(iteration)
        if (iteration + 1) % trial.checkpoint_every == 0 or iteration + 1 == trial.iterations:
            tune.report({RETURN: validator.judge(trainee.network())[RETURN]})


def _space(search: SearchConfig) -> dict[str, Any]:
    drawn: dict[str, Any] = {name: tune.loguniform(each.low, each.high) for name, each in search.ranges.items()}
    return drawn | {name: tune.choice(list(each)) for name, each in search.choices.items()}
