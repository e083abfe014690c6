"""From a trained network to the artifact that is served."""

from __future__ import annotations

import json
from dataclasses import asdict

import stigmergy.platform.learning.rl as environment
import stigmergy.platform.learning.trainers.rl as trainer
import stigmergy.routers.learned_policy as served
from stigmergy.platform.learning.fingerprint import sources_fingerprint
from stigmergy.platform.learning.rl.rewards import RewardTerms
from stigmergy.platform.learning.trainers.rl.config import CqlConfig, Document, Figures, RlTraining
from stigmergy.platform.learning.trainers.rl.material import Material
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.learned_policy.artifact import LearnedPolicy
from stigmergy.routers.learned_policy.network import PolicyNetwork


def policy_of(
    training: RlTraining, material: Material, network: PolicyNetwork, seed: int, figures: Figures
) -> LearnedPolicy:
    """What ``save_policy`` writes."""
    recipe = material.recipe
    return LearnedPolicy(
        spec=recipe.spec,
        network=network,
        outputs="values" if isinstance(training.learner, CqlConfig) else "logits",
        semantics=material.seen,
        learner=training.learner.kind,
        reward=_reward(recipe.terms),
        origin=Origin(
            data=material.fingerprints,
            code=sources_fingerprint(served, trainer, environment),
            config={**plain_config(training), "seed": seed},
            queries=material.queries,
        ),
        metrics=figures,
    )


def plain_config(training: RlTraining) -> Document:
    """The configuration as JSON-compatible values; the data by its name, wherever it lies."""
    told: Document = json.loads(json.dumps({**asdict(training), "data": training.data.name}))
    return told


def _reward(terms: RewardTerms) -> Document:
    return {
        "cost_weight": terms.cost_weight,
        "gate": terms.gate,
        "failure_cost": terms.failure_cost,
        "small": terms.scale.small.tolist(),
        "large": terms.scale.large.tolist(),
    }
