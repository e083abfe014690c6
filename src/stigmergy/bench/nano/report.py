"""What the bench measures, in one document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from stigmergy.agents.models.nano.lessons import TIERS, draw_tasks
from stigmergy.agents.models.nano.network import SizeName
from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.bench.nano.models import Kept, models_in
from stigmergy.bench.nano.outcome_log import train_on_outcomes
from stigmergy.bench.nano.stage import ANTS, LARGE, RANDOM, SMALL, Answered, configuration, on_stage

SIZES: Final[tuple[SizeName, ...]] = ("small", "large")
ESTIMATORS: Final = ("nearest", "ridge")
_TRAIN_SEED, _TEST_SEED = 11, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One way of choosing, over the test tasks.

    ``large_share`` and ``large_by_tier``: the share of tasks that the large model answered. ``mixture``: what a coin
    that costs as much would get right.
    """

    accuracy: float
    by_tier: Mapping[str, float]
    usd: float
    large_share: float
    large_by_tier: Mapping[str, float]
    mixture: float


@dataclass(frozen=True, slots=True)
class NanoReport:
    """Both models, and every policy."""

    models: Mapping[SizeName, Kept]
    policies: Mapping[str, Policy]

    @property
    def hard_gap(self) -> float:
        """How much more of the hard tier the large model gets right."""
        return self.policies[LARGE].by_tier["hard"] - self.policies[SMALL].by_tier["hard"]

    @property
    def cost_ratio(self) -> float:
        """What the large model costs on the same tasks, in the small one's cost."""
        return self.policies[LARGE].usd / self.policies[SMALL].usd

    def document(self) -> dict[str, Any]:
        """As JSON-compatible values."""
        return {
            "models": {
                size: {"usd_per_million_tokens": float(kept.usd_per_million), "steps": kept.origin.steps,
                       "flops_per_token": kept.origin.flops_per_token}
                for size, kept in self.models.items()
            },
            "hard_gap": self.hard_gap,
            "cost_ratio": self.cost_ratio,
            "policies": {name: _document(policy) for name, policy in self.policies.items()},
        }  # fmt: skip


def _document(policy: Policy) -> dict[str, Any]:
    return {
        "accuracy": policy.accuracy,
        "by_tier": dict(policy.by_tier),
        "usd": policy.usd,
        "large_share": policy.large_share,
        "large_by_tier": dict(policy.large_by_tier),
        "mixture_at_its_cost": policy.mixture,
        "above_mixture": policy.accuracy - policy.mixture,
    }


async def measure(folder: Path, minutes: float, tasks: int, seed: int, told: Callable[[str], None]) -> NanoReport:
    """Train what is not there, learn routers from ``tasks`` tasks, and try every policy on as many others.

    Raises:
        InvalidArtifact: a model in the folder is damaged.
    """
    models = models_in(folder, SIZES, minutes, told)
    to_learn, to_test = (draw_tasks(seed * 100 + which, tasks) for which in (_TRAIN_SEED, _TEST_SEED))
    told("asking both models what routers learn from")
    async with on_stage(configuration(models, {}, {}), seed) as stage:
        outcomes: dict[str, list[Answered]] = {size: await stage.run(f"always-{size}", to_learn) for size in SIZES}
    with TemporaryDirectory() as made:
        artifacts = train_on_outcomes(to_learn, outcomes, ESTIMATORS, Path(made))
        async with on_stage(configuration(models, artifacts, _examples(to_learn)), seed) as stage:
            told("teaching the ant colony")
            await stage.teach(ANTS, to_learn)
            told("trying every policy")
            answered = {name: await stage.run(name, to_test) for name in (SMALL, LARGE, RANDOM, *ESTIMATORS, ANTS)}
    return NanoReport(models, _policies(to_test, answered))


def _examples(tasks: Sequence[WorkbenchTask]) -> dict[str, list[str]]:
    """What the classifier of task types learns from: tasks by what they ask for and how long they are."""
    examples: dict[str, list[str]] = {}
    for task in tasks:
        examples.setdefault(f"{task.family}-{task.difficulty}", []).append(task.text)
    return examples


def _policies(tasks: Sequence[WorkbenchTask], answered: Mapping[str, Sequence[Answered]]) -> dict[str, Policy]:
    usd = {name: sum(each.usd for each in answers) for name, answers in answered.items()}
    right = {name: sum(each.quality == 1 for each in answers) / len(tasks) for name, answers in answered.items()}

    def mixture(name: str) -> float:
        between = usd[LARGE] - usd[SMALL]
        share = (usd[name] - usd[SMALL]) / between if between else 0.0
        return right[SMALL] + share * (right[LARGE] - right[SMALL])

    return {
        name: Policy(
            accuracy=right[name],
            by_tier=_by_tier(tasks, [each.quality == 1 for each in answers]),
            usd=usd[name],
            large_share=sum(each.model == "large" for each in answers) / len(tasks),
            large_by_tier=_by_tier(tasks, [each.model == "large" for each in answers]),
            mixture=mixture(name),
        )
        for name, answers in answered.items()
    }


def _by_tier(tasks: Sequence[WorkbenchTask], held: Sequence[bool]) -> dict[str, float]:
    """The share of the tasks of each tier that something held for."""
    shares: dict[str, float] = {}
    for tier in TIERS:
        of_tier = [each for task, each in zip(tasks, held, strict=True) if task.difficulty == tier]
        shares[tier] = sum(of_tier) / len(of_tier)
    return shares
