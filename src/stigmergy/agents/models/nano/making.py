"""A nano model from nothing to a folder: trained, examined, its compute counted."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from stigmergy.agents.models.batching.devices import device_named
from stigmergy.agents.models.batching.offline import write_all
from stigmergy.agents.models.nano.compute import flops_per_token, usd_per_million_tokens
from stigmergy.agents.models.nano.decoder import NanoDecoder
from stigmergy.agents.models.nano.lessons import TIERS, Lesson, draw_lesson
from stigmergy.agents.models.nano.network import SIZES, NanoNetwork, SizeName
from stigmergy.agents.models.nano.training import TRAININGS, NanoTraining, new_network, train
from stigmergy.agents.models.nano.weights import NanoOrigin, save_nano
from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.agents.workbench.task import Difficulty
from stigmergy.domain import Message

_EXAM_SEED: Final = 1_000_003
_LONGEST_ANSWER: Final = 32
_SMOOTHING: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What is made. ``steps`` None is what the size needs; ``minutes`` ends the training wherever it stands.

    ``examined`` is the number of fresh lessons of every tier that the exam asks.
    """

    size: SizeName
    minutes: float = 10.0
    steps: int | None = None
    seed: int = 0
    device: str = "auto"
    examined: int = 100


@dataclass(frozen=True, slots=True)
class MadeNano:
    """A trained network, where it is from, and the share of lessons it got right in every tier."""

    network: NanoNetwork
    origin: NanoOrigin
    right: Mapping[Difficulty, float]

    def save(self, folder: Path) -> None:
        """Write it."""
        save_nano(folder, self.network, self.origin)

    def describe(self) -> Mapping[str, Any]:
        """What it is, as JSON-compatible values."""
        return {
            "size": self.origin.size,
            "seed": self.origin.seed,
            "steps": self.origin.steps,
            "loss": self.origin.loss,
            "parameters": sum(parameter.numel() for parameter in self.network.parameters()),
            "flops_per_token": self.origin.flops_per_token,
            "usd_per_million_tokens": str(usd_per_million_tokens(self.origin.flops_per_token)),
            "right": dict(self.right),
        }


def make_nano(
    making: Making, told: Callable[[int, float], None], clock: Callable[[], float] = time.monotonic
) -> MadeNano:
    """Train and examine a model; ``told`` hears of every step and its smoothed loss.

    The same making gives the same weights on the same machine, unless its minutes pass faster than its steps.

    Raises:
        AgentUnavailable: this machine does not have the device.
    """
    training, started = _training(making), clock()

    def spent() -> float:
        return (clock() - started) / (making.minutes * 60)

    device = device_named(f"nano {making.size}", making.device)
    network, steps, smooth = new_network(SIZES[making.size], training, device), 0, 0.0
    for loss in train(network, training, device, spent):
        steps, smooth = steps + 1, smooth + _SMOOTHING * (loss - smooth) if steps else loss
        told(steps, smooth)
        if spent() >= 1:
            break
    origin = NanoOrigin(
        size=making.size, seed=making.seed, steps=steps, loss=smooth, flops_per_token=flops_per_token(network)
    )
    return MadeNano(network, origin, examine(network, making.examined))


def _training(making: Making) -> NanoTraining:
    usual = TRAININGS[making.size]
    return replace(usual, seed=making.seed, steps=making.steps or usual.steps)


def examine(network: NanoNetwork, lessons: int) -> Mapping[Difficulty, float]:
    """The share of fresh lessons of every tier that the workbench holds for right."""
    rng = random.Random(_EXAM_SEED)
    decoder = NanoDecoder(network, network.embedding.weight.device)
    return {tier: _right(decoder, [draw_lesson(rng, tier) for _ in range(lessons)]) for tier in TIERS}


def _right(decoder: NanoDecoder, lessons: list[Lesson]) -> float:
    asked = ((Message("user", lesson.task.text),) for lesson in lessons)
    answers = write_all(decoder, asked, _LONGEST_ANSWER)
    checked = zip(lessons, answers, strict=True)
    return sum(check_answer(lesson.task.reference, answer.text) == 1 for lesson, answer in checked) / len(lessons)
